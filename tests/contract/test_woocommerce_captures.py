"""The connector against what a live WooCommerce 11.0.1 answered: its captures are replayed to it, byte for byte."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from order_channel_mapping.connectors.base import AuthError, Login, Ports, Rejected, SignatureError
from order_channel_mapping.connectors.records import (
    FulfillmentStatus,
    LineKind,
    LineQuantity,
    OrderStatus,
    PaymentStatus,
    PushStatus,
    Shipment,
    StockLevel,
    WebhookKind,
)
from order_channel_mapping.connectors.woocommerce import WooCommerceConnector
from tests.marketplaces.base import Reply, Simulator, specs_folder
from tests.ports import MemoryPort

FOLDER = specs_folder() / "woocommerce" / "captured"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="official specs not present")
ROOT = "/wp-json/wc/v3"
NO_ROUTE = Reply(404, {"code": "rest_no_route", "message": "No route was found.", "data": {"status": 404}})


def captured(name):
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def reply(name, body=None):
    capture = captured(name)
    headers = {"Content-Type": "application/json; charset=UTF-8", **capture.get("headers", {})}
    return Reply(capture["status"], capture["body"] if body is None else body, headers)


class Replay(Simulator):
    """Answers each address as it was captured, and knows no other."""

    def __init__(self, answers):
        super().__init__()
        self.answers = answers

    def handle(self, request):
        path = urlsplit(request.path).path.removeprefix(ROOT)
        return self.answers.get((request.method, path), NO_ROUTE)


@pytest.fixture
def replay():
    """``replay({("GET", "/orders"): reply("…")})``: a connector that is answered so; ``connector.asked`` is the log."""
    opened = []

    def start(answers):
        server = Replay(answers).start()
        login = Login(
            base_url=server.url, secrets={"consumer_key": "ck_1", "consumer_secret": "cs_1"}, allow_insecure=True
        )
        connector = WooCommerceConnector(login, Ports(MemoryPort(), MemoryPort(), 0.0))
        connector.asked = server.requests
        opened.extend((connector.close, server.stop))
        return connector

    yield start
    for close in opened:
        close()


def moment(*parts):
    return datetime(*parts, tzinfo=timezone.utc)


# -- items ------------------------------------------------------------------------------------------------------------


def test_products_and_variations(replay):
    connector = replay(
        {("GET", "/products"): reply("products_list"), ("GET", "/products/10/variations"): reply("variations_list")}
    )
    (page,) = connector.iter_items()
    assert page.failures == ()
    items = {item.external_id: item for item in page.records}
    assert set(items) == {"11", "12", "13"}, "the variable product itself is none"
    medium, mug = items["12"], items["13"]
    assert (medium.parent_id, medium.sku, medium.name, medium.price) == ("10", "TEE-M", "Tee - M", Decimal(20))
    assert (medium.quantity, medium.stock_ref) == (Decimal(5), "variation:10:12")
    assert dict(medium.attributes) == {"Size": "M"}
    assert medium.updated_at == moment(2026, 11, 21, 21, 19, 20), "its product changed a second later"
    assert (mug.parent_id, mug.sku, mug.price, mug.quantity) == (None, "MUG", Decimal("9.99"), Decimal(9))
    assert (mug.stock_ref, mug.active, mug.physical) == ("product:13", True, True)


def test_a_partly_refused_batch(replay):
    connector = replay({("POST", "/products/10/variations/batch"): reply("variations_batch_partial_error")})
    results = connector.push_stock(
        [StockLevel("999999", "variation:10:999999", quantity=1), StockLevel("12", "variation:10:12", quantity=17)]
    )
    assert [(result.external_id, result.status) for result in results] == [
        ("999999", PushStatus.FAILED),
        ("12", PushStatus.OK),
    ]
    assert results[0].code == captured("variations_batch_partial_error")["body"]["update"][1]["error"]["code"]


# -- orders -----------------------------------------------------------------------------------------------------------


def orders(replay, name, products=NO_ROUTE):
    """The connector's orders where the store shows the one of a capture."""
    shown = captured(name)["body"]
    refunds = Reply(200, [captured("order_refund_created")["body"]], {"X-WP-Total": "1"})
    answers = {("GET", "/orders"): Reply(200, [shown], {"X-WP-Total": "1"}), ("GET", "/orders/17/refunds"): refunds}
    connector = replay({**answers, ("GET", "/products"): products})
    (page,) = [page for page in connector.iter_orders() if page.records or page.failures]
    assert page.failures == ()
    return page.records


def test_a_list_of_orders(replay):
    nothing = Reply(200, [], {"X-WP-Total": "0"})
    answers = {("GET", "/orders"): reply("orders_list_modified_after"), ("GET", "/orders/15/refunds"): nothing}
    (page,) = replay({**answers, ("GET", "/products"): nothing}).iter_orders()
    (order,) = page.records
    assert (order.external_id, order.number, order.total) == ("15", "15", Decimal("53.99"))
    assert sum(line.total for line in order.lines) == order.total
    assert order.updated_at == moment(2026, 11, 21, 21, 20, 0)


def test_a_new_order(replay):
    (order,) = orders(replay, "order_created")
    assert (order.status, order.payment_status) == (OrderStatus.OPEN, PaymentStatus.PAID)
    assert (order.total, order.currency, order.prices_include_tax) == (Decimal("68.04"), "USD", False)
    assert order.placed_at == order.updated_at == moment(2026, 11, 21, 21, 29, 36)
    tee, shipping, wrap = order.lines
    assert (tee.item_id, tee.sku, tee.quantity) == ("12", "TEE-M", 3)
    assert (tee.subtotal, tee.discount, tee.total) == (Decimal(60), Decimal(6), Decimal("58.32"))
    (tax,) = tee.taxes
    assert (tax.rate, tax.amount, tax.included) == (Decimal("0.08"), Decimal("4.32"), False)
    assert (shipping.kind, shipping.total) == (LineKind.SHIPPING, Decimal("7.56"))
    assert (wrap.kind, wrap.name, wrap.total) == (LineKind.FEE, "Gift wrap", Decimal("2.16"))
    assert order.buyer.name == "B C"
    assert (order.billing.street, order.billing.country) == ("1 st", "US")


def test_an_order_that_was_completed_and_refunded_in_part(replay):
    (order,) = orders(replay, "order_get_final")
    assert order.status is OrderStatus.COMPLETED
    assert order.payment_status is PaymentStatus.PARTIALLY_REFUNDED
    assert order.fulfillment_status is FulfillmentStatus.FULFILLED
    (refund,) = order.refunds
    assert (refund.external_id, refund.amount, refund.reason) == ("18", Decimal(10), "damaged")
    assert [(line.external_id, line.quantity, line.amount) for line in refund.lines] == [("7", 1, Decimal(10))]
    # it was refunded before it was completed: that one was never sent, and nothing is owed for it
    assert order.lines[0].cancelled_quantity == 1
    assert order.total == Decimal("58.04")


def test_a_line_whose_variation_was_deleted(replay):
    variable = Reply(200, [{"id": 10, "type": "variable"}], {"X-WP-Total": "1"})
    (order,) = orders(replay, "order_line_after_variation_deleted", products=variable)
    tee = order.lines[0]
    assert (tee.item_id, tee.sku) == (None, None), "the variable product is no listing"
    assert tee.name.startswith("Tee - M")
    assert tee.total == Decimal("58.32")


def test_completing_an_order(replay):
    order = captured("order_created")["body"]
    connector = replay(
        {
            ("GET", "/orders/17"): Reply(200, order),
            ("PUT", "/orders/17"): reply("order_status_completed"),
            ("POST", "/orders/17/notes"): reply("order_note_created"),
        }
    )
    parcel = Shipment("17", (LineQuantity("7", Decimal(3)),), "1Z", "UPS", idempotency_key="k")
    assert connector.ship(parcel).status is PushStatus.OK
    asked = captured("order_status_completed")["request"]["body"]
    (change,) = [request.body for request in connector.asked if request.method == "PUT"]
    assert asked.items() <= change.items(), "as the captured request, besides the parcel"
    (note,) = [request.body for request in connector.asked if request.method == "POST"]
    assert note.keys() == captured("order_note_created")["request"]["body"].keys()
    assert "1Z" in note["note"]


# -- refusals ---------------------------------------------------------------------------------------------------------


def test_keys_that_are_not_known(replay):
    connector = replay({("GET", "/orders"): reply("error_auth")})
    with pytest.raises(AuthError, match="keys"):
        list(connector.iter_orders())


def test_an_order_that_is_not_there(replay):
    none = Reply(200, [], {"X-WP-Total": "0"})
    connector = replay({("GET", "/orders"): none, ("GET", "/orders/999999"): reply("error_not_found")})
    with pytest.raises(Rejected) as caught:
        connector.get_order("999999")
    assert caught.value.code == "not_found"


def test_a_parameter_out_of_bounds(replay):
    with pytest.raises(Rejected, match="per_page") as caught:
        list(replay({("GET", "/orders"): reply("error_invalid_param")}).iter_orders())
    assert caught.value.code == "rest_invalid_param"


@pytest.mark.parametrize("name", ["error_dup_sku", "error_batch_over_100"])
def test_a_refused_batch(replay, name):
    """One level alone can't be too many: then it is the refusal of that level."""
    (result,) = replay({("POST", "/products/batch"): reply(name)}).push_stock(
        [StockLevel("13", "product:13", quantity=1)]
    )
    assert result.status is PushStatus.FAILED
    assert result.code == captured(name)["body"]["code"]


# -- a notification ---------------------------------------------------------------------------------------------------


def test_a_delivery_that_was_signed_by_a_live_store():
    (delivery,) = captured("webhook_order_updated_delivery_secret_is_sekret")
    headers, body = delivery["headers"], delivery["body"].encode()
    event = WooCommerceConnector.verify_webhook(headers, body, "sekret")
    assert (event.kind, event.topic, event.record_ref) == (WebhookKind.ORDERS, "order.updated", "17")
    assert event.delivery_id == "889bde6e83a5dcbbe444eb4cf3a2124e"
    with pytest.raises(SignatureError):
        WooCommerceConnector.verify_webhook(headers, body + b"\n", "sekret")


def test_every_capture_is_replayed():
    source = Path(__file__).read_text(encoding="utf-8")
    assert [path.stem for path in FOLDER.glob("*.json") if f'"{path.stem}"' not in source] == []
