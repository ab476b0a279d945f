"""Shopify."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
from dataclasses import replace
from datetime import datetime
from typing import Any

from order_channel_mapping.connectors import shopify_documents, shopify_fetch
from order_channel_mapping.connectors.base import AuthError, RateLimited, Rejected, Unavailable
from order_channel_mapping.connectors.records import LineQuantity, Shipment, StockLevel
from tests.contract import shopify_contract
from tests.contract.worlds.base import ALL_ITEMS, CHANGED_ITEMS, ORDERS, Delivery, Hidden, Line, Sale, World
from tests.marketplaces import catalogue
from tests.marketplaces.base import Reply
from tests.marketplaces.shopify import ShopifySimulator
from tests.marketplaces.shopify_shop import iso

_DOCUMENTS = {ALL_ITEMS: "Variants", CHANGED_ITEMS: "ChangedProducts", ORDERS: "Orders"}
_KINDS = (ALL_ITEMS, CHANGED_ITEMS, ORDERS)
_ROOTS = ("productVariants", "products", "orders")


class ShopifyWorld(World):
    provider = "shopify"
    secrets = {
        "shop_domain": "simulated.myshopify.com",
        "access_token": "shpat_s3cret/with+odd=signs",
        "client_secret": 'client"s3cret+/&ü',
    }

    def build(self):
        simulator = ShopifySimulator(clock=self.clock, strict=False)
        self.shop = simulator.shop
        self.shop.token = self.secrets["access_token"]
        self.location = self.shop.add_location("Main")
        return simulator

    def small_pages(self, monkeypatch, size):
        for name in ("VARIANTS", "PRODUCTS", "ORDERS"):
            monkeypatch.setattr(shopify_fetch, name, replace(getattr(shopify_fetch, name), size=size))

    def small_batches(self, monkeypatch, size):
        monkeypatch.setattr(self.connector_class(), "stock_batch", size)

    def fill(self, items, orders):
        catalogue.build_shop(self.shop, items=items, orders=orders)

    # -- items --------------------------------------------------------------------------------------------------------

    def add_item(self, *, stock=5, price="10.00", sku=None, **values):
        number = len(self.shop.variants) + 1
        product = self.shop.add_product(f"Thing {number}")
        return self.shop.add_variant(
            product, sku=sku or f"SKU-{number}", price=price, stock={self.location: stock}, **values
        )

    def edit_item(self, ref):
        self.shop.edit_variant(ref, barcode=f"barcode {self.shop.number()}")

    def remove_item(self, ref):
        product = self.shop.variants[ref]["productId"]
        self.shop.delete_variant(ref)
        if not self.shop.products[product]["variantIds"]:
            del self.shop.products[product]
            self.shop.changed()

    def items(self):
        products = self.shop.products
        return {
            ref: max(_moment(record["updatedAt"]), _moment(products[record["productId"]]["updatedAt"]))
            for ref, record in self.shop.variants.items()
        }

    def rich_item(self):
        picture = {"__typename": "MediaImage", "preview": {"image": {"url": "https://cdn.example.com/p.png"}}}
        product = self.shop.add_product("Shirt", featuredMedia=picture)
        return self.shop.add_variant(
            product,
            sku="SHIRT-M",
            barcode="4006381333931",
            price="19.99",
            options={"Size": "M", "Colour": "Red"},
            stock={self.location: 7},
            image="https://cdn.example.com/m.png",
        )

    # -- orders -------------------------------------------------------------------------------------------------------

    def add_order(self, sale: Sale):
        spec = {
            "lines": [self._line(line) for line in sale.lines],
            "taxes": [{"title": f"VAT {rate}", "rate": rate} for rate in sale.rates],
            "included": sale.included,
            "discount": sale.discount,
            "fees": [{"name": "Fee", "price": fee} for fee in sale.fees],
            "shipping": [{"title": "Parcel", "price": sale.shipping}] if sale.shipping else [],
            "address": catalogue.address(2),
            "customer": {"ref": 7, "name": "Kim Example", "email": "kim@example.com"},
            **sale.extra,
        }
        return self.shop.add_order(spec)["id"]

    @staticmethod
    def _line(line: Line) -> dict[str, Any]:
        described = {"quantity": line.quantity, "price": line.price, "discount": line.discount}
        return {**described, "variant": line.item} if line.item else {**described, "title": line.name}

    def edit_order(self, ref):
        self.shop.touch_order(ref, note=f"note {self.shop.number()}")

    def remove_order(self, ref):
        del self.shop.orders[ref]
        self.shop.changed()

    def orders(self):
        return {ref: _moment(record["updatedAt"]) for ref, record in self.shop.orders.items()}

    def total(self, ref):
        return self.shop.orders[ref]["totalPriceSet"]["presentmentMoney"]["amount"]

    def rich_order(self):
        lines = (
            Line(self.rich_item(), 3, "19.99", discount="1.50"),
            Line(None, 2, "5.00", name="Engraving"),
            Line(self.add_item(), 2, "12.50"),
        )
        extra = {
            "billing": {**catalogue.address(1), "company": "Example Ltd", "address2": "Floor 2", "phone": "+49 30 1"},
            "attributes": {"Delivery": "Monday", "_app_state": "queued"},
            "business": {"company": "Example Ltd", "tax_id": "DE123456789"},
            "po_number": "PO-4711",
            "tax_fields": {"TAX_CREDENTIAL_IT": "IT12345670017"},
            "note": "Please ring twice.",
            "tip": "2.00",
            "rounding": "0.02",
            "currency": "USD",
            "rate": "1.08",
            "fulfill_by": iso(self.clock()),
            "risk": "INVESTIGATE",
        }
        ref = self.add_order(
            Sale(lines, rates=(0.19, 0.02), included=False, fees=("2.50",), discount="4.00", extra=extra)
        )
        order = self.shop.orders[ref]
        order["lineItems"][0]["customAttributes"] = [
            {"key": key, "value": value}
            for key, value in (("Text", "For <Kim> & co"), ("Extra", "Card"), ("_uid", "8f2c"), ("Extra", "Ribbon"))
        ]
        entries = [entry["id"] for entry in order["fulfillmentOrders"][0]["lineItems"]]
        tracking = {"company": "DHL", "number": "T-1", "url": "https://example.com/T-1"}
        self.shop.fulfill(ref, {entries[0]: 1}, tracking)
        self.shop.refund(ref, {order["lineItems"][2]["id"]: 1}, note="Changed their mind")
        self.shop.hold_order(ref)
        return ref

    # -- commands -----------------------------------------------------------------------------------------------------

    def stock(self, ref):
        return self.shop.available(ref)

    def unpushable(self):
        untracked = self.add_item(tracked=False)
        gone = self.add_item()
        stock_ref = self.shop.variants[gone]["itemId"]
        self.remove_item(gone)
        return {untracked: None, gone: stock_ref}

    def parcels(self, ref):
        return [info["number"] for parcel in self.simulator.parcels(ref) for info in parcel["trackingInfo"]]

    def cancelled(self, ref):
        return bool(self.shop.orders[ref]["cancelledAt"])

    def webhooks(self):
        return [(hook["topic"], hook["uri"]) for hook in self.shop.webhooks]

    def lose_webhook(self, url):
        self.shop.webhooks.remove(next(hook for hook in self.shop.webhooks if hook["uri"] == url))

    def delivery(self, ref):
        headers = {
            "X-Shopify-Topic": "orders/updated",
            "X-Shopify-Webhook-Id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
            "X-Shopify-Triggered-At": "2026-11-02T09:30:00.123Z",
        }
        body = json.dumps({"id": 1, "admin_graphql_api_id": ref}).encode()
        return self.signed(Delivery(headers, b"", ""), body, self.secrets["client_secret"])

    def signed(self, delivery, body, secret):
        signature = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
        return Delivery({**delivery.headers, "X-Shopify-Hmac-Sha256": signature}, body, secret)

    # -- the wire -----------------------------------------------------------------------------------------------------

    def is_page(self, request, feed):
        return request.label == _DOCUMENTS[feed]

    def is_write(self, request):
        return isinstance(request.body, dict) and str(request.body.get("query")).lstrip().startswith("mutation")

    def nothing_more_to_see(self, reply):
        body = json.loads(reply.body)
        root = next(root for root in _ROOTS if root in body["data"])
        body["data"][root] = {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": None}}
        return replace(reply, body=json.dumps(body).encode())

    def records(self, body, feed):
        return body["data"][_ROOTS[_KINDS.index(feed)]]["nodes"]

    def ref(self, record):
        return record["variants"]["nodes"][0]["id"] if "variants" in record else record["id"]

    def least_calls(self, levels, batch):
        return math.ceil(len(list(levels)) / batch)

    def stands_for(self, record):
        """A product stands for its variants, and need not have any."""
        variants = record.get("variants") if isinstance(record, dict) else None
        nodes = variants.get("nodes") if isinstance(variants, dict) else None
        return len(nodes) if isinstance(nodes, list) else 1

    # -- faults -------------------------------------------------------------------------------------------------------

    def refusal(self, status):
        return Reply(status, {"errors": "No."})

    def throttles(self):
        return ("body", "header")

    def throttle(self, form, seconds, times):
        self.simulator.fault("throttle", times=times, seconds=seconds, http=form == "header")

    def hidden(self):
        item, order = self.add_item(), self.add_order(Sale())
        untouched = {"data": None}
        level = StockLevel(item, self.shop.variants[item]["itemId"], self.location, 3)
        shipment = Shipment(order, (LineQuantity(self.shop.orders[order]["lineItems"][0]["id"], 1),), "T-1")
        first = {"message": "It is not possible.", "field": None}

        def says(**body):
            return lambda: self.wire.instead(Reply(200, {**untouched, **body}))

        def refuses(mutation, errors="userErrors", code=None):
            answer = {"data": {mutation: {errors: [{**first, "code": code}]}}}
            return lambda: self.wire.instead(Reply(200, answer), when=self.is_write)

        def fault(code):
            return says(errors=[{"message": "Sorry", "extensions": {"code": code}}])

        return {
            "a fault of the server": Hidden(fault("INTERNAL_SERVER_ERROR"), self._orders, Unavailable),
            "a missing right": Hidden(fault("ACCESS_DENIED"), self._orders, AuthError),
            "a closed shop": Hidden(fault("SHOP_INACTIVE"), self._orders, AuthError),
            "used up": Hidden(
                fault("THROTTLED"), lambda connector: self._orders(self.connect(max_wait=0)), RateLimited
            ),
            "an invalid document": Hidden(says(errors=[{"message": "Field is missing"}]), self._orders, Rejected),
            "errors as text": Hidden(says(errors="[API] Not possible"), self._orders, Rejected),
            "nothing at all": Hidden(says(), self._orders, Rejected),
            "half an order": Hidden(self._half, self._orders, code="partial_answer"),
            "stock": Hidden(
                refuses("inventorySetQuantities", code="INVALID_REASON"),
                lambda connector: connector.push_stock([level]),
                code="invalid_reason",
            ),
            "stock, no answer": Hidden(
                lambda: self.wire.instead(Reply(200, {"data": {"inventorySetQuantities": None}}), self.is_write),
                lambda connector: connector.push_stock([level]),
                Unavailable,
            ),
            "shipping": Hidden(refuses("fulfillmentCreate"), lambda c: c.ship(shipment), code="rejected"),
            "shipping, no answer": Hidden(
                lambda: self.wire.instead(Reply(200, {"data": {"fulfillmentCreate": None}}), self.is_write),
                lambda connector: connector.ship(shipment),
                Unavailable,
            ),
            "tracking": Hidden(
                refuses("fulfillmentTrackingInfoUpdate"),
                lambda connector: connector.update_tracking("gid://shopify/Fulfillment/1", shipment),
                code="rejected",
            ),
            "cancelling": Hidden(
                refuses("orderCancel", "orderCancelUserErrors", "INVALID"),
                lambda connector: connector.cancel(order, "customer"),
                code="invalid",
            ),
            "webhooks": Hidden(
                refuses("orders_create"), lambda c: c.ensure_webhooks("http://127.0.0.1:1/hook", "s"), Rejected
            ),
        }

    def _half(self):
        """Shopify could not deliver one part of one order."""

        def change(body):
            body["data"]["orders"]["nodes"][0]["customer"] = None
            body["errors"] = [{"message": "Timed out", "path": ["orders", "nodes", 0, "customer"]}]

        self.wire.edit(change, lambda request: request.label == "Orders")

    @staticmethod
    def _orders(connector):
        return list(connector.iter_orders())

    # -- the contract -------------------------------------------------------------------------------------------------

    def contradictions(self, exchange):
        path = f"/admin/api/{shopify_documents.API_VERSION}/graphql.json"
        return shopify_contract.contradictions(exchange, path)

    def may_be_null(self, feed, path):
        document = {
            ALL_ITEMS: shopify_documents.VARIANTS,
            CHANGED_ITEMS: shopify_documents.CHANGED_PRODUCTS,
            ORDERS: shopify_documents.ORDERS,
        }
        return shopify_contract.may_be_null(document[feed], (_ROOTS[_KINDS.index(feed)], "nodes", 0, *path))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
