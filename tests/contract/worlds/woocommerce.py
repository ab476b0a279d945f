"""WooCommerce."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

from order_channel_mapping.connectors import woocommerce_fetch, woocommerce_stock
from order_channel_mapping.connectors.base import AuthError, BadPayload, Rejected, Unavailable
from order_channel_mapping.connectors.records import LineQuantity, Shipment, StockLevel
from tests.contract import woocommerce_contract
from tests.contract.worlds.base import ALL_ITEMS, ORDERS, Delivery, Hidden, Line, Sale, World
from tests.marketplaces import woocommerce_refunds
from tests.marketplaces.base import Reply
from tests.marketplaces.woocommerce import WooCommerceSimulator
from tests.marketplaces.woocommerce_catalogue import add_tax, address, build_shop
from tests.marketplaces.woocommerce_json import order_json
from tests.marketplaces.woocommerce_rest import ROOT, encode
from tests.marketplaces.woocommerce_webhooks import signature

_PARCELS, _TRACKING = "_order_channel_parcels", "_wc_shipment_tracking_items"
_PAGE = b"<html><head><title>429 Too Many Requests</title></head><body>Slow down.</body></html>"
#: what a live WooCommerce was seen to answer with null
_NULLS = frozenset(
    {
        "date_paid",
        "date_paid_gmt",
        "date_completed",
        "date_completed_gmt",
        "stock_quantity",
        "low_stock_amount",
        "image",
    }
    | {"date_on_sale_from", "date_on_sale_to", "parent_name"}
)


class WooCommerceWorld(World):
    """Every other item is a product, every other one a variation of a product of its own."""

    provider = "woocommerce"
    lacks = {
        "locations": "WooCommerce keeps stock in one place",
        "compare": "WooCommerce sets a quantity whatever was there before",
        "poll": "WooCommerce answers every command at once",
    }
    secrets = {
        "store_url": "https://shop.example.com",
        "consumer_key": "ck_s3cret/with+odd=signs",
        "consumer_secret": "cs_s3cret/with+odd=&signs%20",
    }

    def build(self):
        self._numbers = itertools.count(1)
        simulator = WooCommerceSimulator(clock=self.clock)
        self.shop = simulator.shop
        self.shop.keys.clear()
        self.shop.add_key(**{name: self.secrets[name] for name in ("consumer_key", "consumer_secret")})
        return simulator

    def small_pages(self, monkeypatch, size):
        for name in ("PRODUCTS", "CHANGED_PRODUCTS", "ORDERS", "TRASHED_ORDERS"):
            monkeypatch.setattr(woocommerce_fetch, name, replace(getattr(woocommerce_fetch, name), size=size))

    def small_batches(self, monkeypatch, size):
        monkeypatch.setattr(woocommerce_stock, "MOST", size)

    def fill(self, items, orders):
        build_shop(self.shop, items=items, orders=orders)

    # -- items --------------------------------------------------------------------------------------------------------

    def add_item(self, *, stock=5, price="10.00", sku=None, managed=True):
        number = next(self._numbers)
        values = {"regular_price": price, "manage_stock": managed, "sku": sku or f"SKU-{number}"}
        if managed:
            values["stock_quantity"] = stock
        if number % 2:
            return str(self.shop.add_product(f"Thing {number}", **values))
        parent = self.shop.add_product(f"Thing {number}", type="variable")
        return str(self.shop.add_variation(parent, {"Size": "M"}, **values))

    def edit_item(self, ref):
        self.shop.edit_product(ref, regular_price=f"{self.shop.number('meta')}.00")

    def remove_item(self, ref):
        record = self.shop.item(ref)
        self.shop.delete_product(record["parent_id"] or record["id"])

    def items(self):
        plain = {ref: [record] for ref, record in self.shop.products.items() if record["type"] == "simple"}
        varied = {
            ref: [record, self.shop.products[record["parent_id"]]] for ref, record in self.shop.variations.items()
        }
        return {str(ref): max(_moment(one["modified"]) for one in parts) for ref, parts in {**plain, **varied}.items()}

    def rich_item(self):
        return str(
            self.shop.add_product(
                "Shirt &amp; Tie",
                sku="SHIRT",
                regular_price="19.99",
                sale_price="17.50",
                global_unique_id="4006381333931",
                manage_stock=True,
                stock_quantity=7,
                images=[{"src": "https://shop.example.com/shirt.png", "name": "Shirt"}],
                attributes=[{"name": "Colour", "options": ["Red"], "variation": False}],
            )
        )

    # -- orders -------------------------------------------------------------------------------------------------------

    def add_order(self, sale: Sale):
        self.shop.site["prices_include_tax"] = sale.included
        self.shop.taxes.clear()
        for number, rate in enumerate(sale.rates, 1):
            add_tax(self.shop, f"VAT {rate}", rate * 100, priority=number)
        spec = {
            "status": "processing",
            "created_via": "checkout",
            "set_paid": True,
            "payment_method": "stripe",
            "billing": {**address(0), "email": "kim@example.com"},
            "shipping": address(0),
            "customer_id": 0,
            "line_items": [self._line(line) for line in sale.lines],
            "shipping_lines": [{"method_title": "Parcel", "method_id": "flat_rate", "total": sale.shipping}]
            if sale.shipping
            else [],
            "fee_lines": [{"name": "Fee", "total": fee} for fee in sale.fees],
            "coupon_lines": self._coupon(sum((Decimal(line.discount) for line in sale.lines), Decimal(sale.discount))),
            **sale.extra,
        }
        return str(self.shop.add_order(spec)["id"])

    def _line(self, line: Line) -> dict[str, Any]:
        described = {"quantity": line.quantity, "price": line.price}
        if not line.item:
            return {**described, "custom": True, "name": line.name}
        item = self.shop.item(line.item)
        return {**described, "variation_id" if item["parent_id"] else "product_id": item["id"]}

    def _coupon(self, amount: Decimal) -> list[dict[str, Any]]:
        if not amount:
            return []
        code = f"less-{amount}"
        number = self.shop.number()
        self.shop.coupons[code] = {"id": number, "code": code, "discount_type": "fixed_cart", "amount": str(amount)}
        return [{"code": code}]

    def edit_order(self, ref):
        self.shop.touch_order(ref, customer_note=f"note {self.shop.number('meta')}")

    def remove_order(self, ref):
        self.shop.orders.remove(int(ref))

    def orders(self):
        return {str(ref): _moment(record["modified"]) for ref, record in self.shop.orders.items()}

    def total(self, ref):
        return self.shop.orders[int(ref)]["total"]

    def rich_order(self):
        lines = (
            Line(self.add_item(), 3, "19.99"),
            Line(self.add_item(), 2, "12.50"),
            Line(None, 2, "5.00", name="Engraving"),
        )
        extra = {
            "customer_id": 7,
            "customer_note": "Please ring twice.",
            "billing": {**address(1), "company": "Example Ltd", "address_2": "Floor 2", "email": "kim@example.com"},
            "meta_data": [
                {"key": "_billing_vat_number", "value": "DE123456789"},
                {"key": "billing_po_number", "value": "PO-4711"},
                {"key": "_app_state", "value": "queued"},
            ],
        }
        sale = Sale(lines, rates=(0.19, 0.02), included=False, fees=("2.50",), discount="4.00", extra=extra)
        ref = self.add_order(sale)
        order = self.shop.order(ref)
        first, second = order["line_items"][:2]
        for key, value in (("Text", "For <Kim> & co"), ("Extra", "Card"), ("_uid", "8f2c"), ("Extra", "Ribbon")):
            entry = {"key": key, "value": value, "display_key": key, "display_value": value}
            first["meta_data"].append({"id": self.shop.number("meta"), **entry})
        tracking = {"tracking_number": "T-1", "custom_tracking_provider": "DHL", "date_shipped": "1793612345"}
        parcel = {"key": "T-1", "number": "T-1", "carrier": "DHL", "lines": [{"id": str(first["id"]), "quantity": "1"}]}
        self.shop.set_meta(order["meta_data"], _TRACKING, [{**tracking, "tracking_id": "1"}])
        self.shop.set_meta(order["meta_data"], _PARCELS, [parcel])
        part = woocommerce_refunds.share(second, 1)
        woocommerce_refunds.refund(self.shop, order, {"api_refund": False, "reason": "Changed", "line_items": [part]})
        return ref

    # -- commands -----------------------------------------------------------------------------------------------------

    def stock(self, ref):
        return self.shop.available(ref)

    def unpushable(self):
        untracked = self.add_item(managed=False)
        gone = [self.add_item(), self.add_item()]
        found = {untracked: None}
        for ref in gone:
            parent = self.shop.item(ref)["parent_id"]
            found[ref] = f"variation:{parent}:{ref}" if parent else f"product:{ref}"
            self.remove_item(ref)
        return found

    def parcels(self, ref):
        """Of what is kept on the order and what the buyer was told, whichever says more of a number."""
        metas = {entry["key"]: entry["value"] for entry in self.shop.order(ref)["meta_data"]}
        kept = [parcel["number"] for parcel in metas.get(_PARCELS, ())]
        shown = [item["tracking_number"] for item in metas.get(_TRACKING, ())]
        notes = [note["note"] for note in self.shop.order_notes if note["order"] == int(ref) and note["customer_note"]]
        numbers = {*kept, *shown}
        times = {
            number: max(kept.count(number), shown.count(number), sum(f" {number}:" in note for note in notes))
            for number in numbers
        }
        return [number for number, count in sorted(times.items()) for _time in range(count)]

    def cancelled(self, ref):
        return self.shop.order(ref)["status"] == "cancelled"

    def webhooks(self):
        return [(hook["topic"], hook["delivery_url"]) for hook in self.shop.webhooks if hook["status"] == "active"]

    def lose_webhook(self, url):
        next(hook for hook in self.shop.webhooks if hook["delivery_url"] == url)["status"] = "disabled"

    def delivery(self, ref):
        headers = {
            "Content-Type": "application/json",
            "X-WC-Webhook-Source": f"{self.shop.home}/",
            "X-WC-Webhook-Topic": "order.updated",
            "X-WC-Webhook-Resource": "order",
            "X-WC-Webhook-Event": "updated",
            "X-WC-Webhook-ID": "1",
            "X-WC-Webhook-Delivery-ID": "6b9d3a1c5c5f4f5c9b7e0a4f0f6c1d2e",
        }
        body = encode(order_json(self.shop, self.shop.order(ref)))
        return self.signed(Delivery(headers, b"", ""), body, "whsec of a channel")

    def signed(self, delivery, body, secret):
        headers = {**delivery.headers, "X-WC-Webhook-Signature": signature(body, secret)}
        return Delivery(headers, body, secret)

    # -- the wire -----------------------------------------------------------------------------------------------------

    def is_page(self, request, feed):
        url = urlsplit(request.path)
        query = parse_qs(url.query)
        path, order = url.path.removeprefix(ROOT), query.get("orderby", [""])[0]
        if feed == ORDERS:
            return path == "/orders" and order == "modified" and query["status"] != ["trash"]
        return path == "/products" and "include" not in query and order == ("id" if feed == ALL_ITEMS else "modified")

    def is_write(self, request):
        return request.method != "GET"

    def nothing_more_to_see(self, reply):
        return replace(reply, body=b"[]")

    def records(self, body, feed):
        return body

    def ref(self, record):
        return str((record.get("variations") or [record["id"]])[0])

    def least_calls(self, levels, batch):
        """So many products in a call, or variations of one product."""
        groups = Counter(level.stock_ref.rpartition(":")[0] for level in levels)
        return sum(math.ceil(count / batch) for count in groups.values())

    # -- faults -------------------------------------------------------------------------------------------------------

    #: firewalls turn programs away with 403 and hide addresses with 404: nothing is wrong with the keys then
    in_front = {403: Unavailable, 404: Unavailable}

    def refusal(self, status):
        return Reply(status, {"code": "woocommerce_rest_no", "message": "No.", "data": {"status": status}})

    def throttles(self):
        return ("429", "503")

    def throttle(self, form, seconds, times):
        headers = {"Content-Type": "text/html; charset=UTF-8", "Retry-After": str(seconds)}
        self.wire.instead(Reply(int(form), _PAGE, headers), times=times)

    def hidden(self):
        item, order = self.add_item(), self.add_order(Sale())
        level = StockLevel(item, f"product:{item}", None, 3)
        line = self.shop.order(order)["line_items"][0]["id"]
        shipment = Shipment(order, (LineQuantity(str(line), Decimal(1)),), "T-1")
        refused = {
            "id": int(item),
            "error": {"code": "not_possible", "message": "Not possible.", "data": {"status": 400}},
        }
        hook = {"id": 0, "error": {"code": "not_possible", "message": "Not possible.", "data": {"status": 400}}}

        def says(body, when=self.is_write):
            return lambda: self.wire.instead(Reply(200, body), when)

        def push(connector):
            return connector.push_stock([level])

        def orders(connector):
            return list(connector.iter_orders())

        return {
            "a refused quantity": Hidden(says({"update": [refused]}), push, code="not_possible"),
            "no word of a quantity": Hidden(says({"update": []}), push, code="no_answer"),
            "another quantity": Hidden(
                says({"update": [{"id": int(item), "manage_stock": True, "stock_quantity": 4}]}),
                push,
                code="other_quantity",
            ),
            "stock not managed": Hidden(
                says({"update": [{"id": int(item), "manage_stock": False, "stock_quantity": None}]}),
                push,
                code="stock_not_managed",
            ),
            "no batch at all": Hidden(says({"message": "OK"}), push, BadPayload),
            "a refused webhook": Hidden(
                says({"create": [hook]}), lambda c: c.ensure_webhooks("http://127.0.0.1:1/hook", "s"), Rejected
            ),
            "a parcel without an order": Hidden(says({}), lambda c: c.ship(shipment), BadPayload),
            "PHP notices before the data": Hidden(
                lambda: self.simulator.fault("warnings", times=9), orders, BadPayload
            ),
            "a coming-soon page": Hidden(
                says(b"<!DOCTYPE html><html><body>Soon</body></html>", when=None), orders, BadPayload
            ),
            "a firewall": Hidden(lambda: self.simulator.fault("firewall", times=9), orders, Unavailable),
            "no list": Hidden(says({"data": []}, when=None), orders, BadPayload),
            "nothing, of many": Hidden(self._emptied, orders, Unavailable),
            "keys that are refused": Hidden(self._revoked, orders, AuthError),
        }

    def _emptied(self):
        """A list that says that it has records and sends none."""
        self.wire.rewrite(self.nothing_more_to_see, lambda request: self.is_page(request, ORDERS))

    def _revoked(self):
        self.shop.keys.clear()

    # -- the contract -------------------------------------------------------------------------------------------------

    def contradictions(self, exchange):
        return woocommerce_contract.contradictions(exchange)

    def may_be_null(self, feed, path):
        return path[-1] in _NULLS


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)
