"""The addresses of a simulated WooCommerce: which there are, what each needs, and what each answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from . import woocommerce_orders as sales
from . import woocommerce_products as goods
from . import woocommerce_refunds as refunds
from . import woocommerce_settings as settings
from . import woocommerce_webhooks as webhooks
from .base import Reply
from .woocommerce_json import note_json, order_json, refund_json, tax_json, webhook_json
from .woocommerce_lists import Lists
from .woocommerce_rest import ROOT, RestError, batch, invalid_id, read_args, require

if TYPE_CHECKING:
    from .woocommerce import WooCommerceSimulator

Params = Mapping[str, Any]
Record = dict[str, Any]
#: method -> (what it amounts to, for the words of a refusal; handler)
Route = dict[str, tuple[str, Callable[..., Any]]]
_FORCED = "{} do not support trashing."


class Routes:
    def __init__(self, simulator: WooCommerceSimulator):
        self.simulator = simulator
        self.shop = simulator.shop
        self.lists = Lists(simulator)
        self.table = [(re.compile(path), methods) for path, methods in self._routes().items()]

    def find(self, method: str, path: str) -> tuple[Route, tuple[Any, ...]]:
        """The route of a path and the ids in it. Raises RestError."""
        below = path.removeprefix(ROOT).rstrip("/")
        for pattern, methods in self.table:
            found = pattern.fullmatch(below) if path.startswith(ROOT) else None
            if found and method in methods:
                return methods, tuple(int(part) if part.isdigit() else part for part in found.groups())
        message = "No route was found matching the URL and request method."
        raise RestError("rest_no_route", message, 404)

    def _routes(self) -> dict[str, Route]:
        one = r"/(\d+)"
        edit = lambda handler: dict.fromkeys(("POST", "PUT", "PATCH"), ("edit", handler))  # noqa: E731
        many = lambda handler: dict.fromkeys(("POST", "PUT", "PATCH"), ("batch", handler))  # noqa: E731
        products, variations, orders = "/products", f"/products{one}/variations", "/orders"
        return {
            products: {"GET": ("list", self.lists_products), "POST": ("create", self.create_product)},
            products + one: {
                "GET": ("view", self.view_product),
                **edit(self.edit_product),
                "DELETE": ("delete", self.delete_product),
            },
            f"{products}/batch": many(self.batch_products),
            variations: {"GET": ("list", self.lists_variations), "POST": ("create", self.create_variation)},
            variations + one: {
                "GET": ("view", self.view_variation),
                **edit(self.edit_variation),
                "DELETE": ("delete", self.delete_variation),
            },
            f"{variations}/batch": many(self.batch_variations),
            "/variations": {"GET": ("list", lambda path, params, _body: self.lists.variations(path, params))},
            orders: {"GET": ("list", self.lists_orders), "POST": ("create", self.create_order)},
            orders + one: {
                "GET": ("view", self.view_order),
                **edit(self.edit_order),
                "DELETE": ("delete", self.delete_order),
            },
            f"{orders}/batch": many(self.batch_orders),
            f"{orders}/statuses": {"GET": ("list", lambda *_: settings.statuses(self.shop))},
            f"{orders}{one}/notes": {"GET": ("list", self.lists_notes), "POST": ("create", self.create_note)},
            f"{orders}{one}/notes{one}": {"GET": ("view", self.view_note), "DELETE": ("delete", self.delete_note)},
            f"{orders}{one}/refunds": {"GET": ("list", self.lists_refunds), "POST": ("create", self.create_refund)},
            f"{orders}{one}/refunds{one}": {
                "GET": ("view", self.view_refund),
                "DELETE": ("delete", self.delete_refund),
            },
            "/refunds": {"GET": ("list", lambda path, params, body: self.lists_refunds(path, params, body, None))},
            "/webhooks": {"GET": ("list", self.lists_webhooks), "POST": ("create", self.create_webhook)},
            f"/webhooks{one}": {
                "GET": ("view", self.view_webhook),
                **edit(self.edit_webhook),
                "DELETE": ("delete", self.delete_webhook),
            },
            "/webhooks/batch": many(self.batch_webhooks),
            "/taxes": {"GET": ("list", self.lists_taxes)},
            f"/taxes{one}": {"GET": ("view", self.view_tax)},
            **settings.routes(self.shop, self.lists),
        }

    # -- products -----------------------------------------------------------------------------------------------------

    def lists_products(self, path: str, params: Params, _body: Params) -> Reply:
        return self.lists.products(path, params)

    def _product(self, ref: int, status: int = 404) -> Record:
        found = self.shop.products.get(ref)
        if not found:
            raise invalid_id("product", status)
        return found

    def view_product(self, _path: str, _params: Params, _body: Params, ref: int) -> Record:
        return goods.product_json(self.shop, self.shop.variations.get(ref) or self._product(ref))

    def create_product(self, _path: str, _params: Params, body: Params) -> Reply:
        values = {name: value for name, value in body.items() if name in goods.PLAIN}
        ref = self.shop.add_product(**{"name": "Product", "type": body.get("type", "simple"), **values})
        return Reply(201, goods.product_json(self.shop, self.shop.products[ref]))

    def edit_product(self, _path: str, _params: Params, body: Params, ref: int) -> Record:
        if ref in self.shop.variations:
            message = (
                "To manipulate product variations you should use the /products/&lt;product_id&gt;"
                "/variations/&lt;id&gt; endpoint."
            )
            raise RestError("woocommerce_rest_invalid_product_id", message, 404)
        record = self._product(ref, 400)
        self.shop.edit_product(ref, **body)
        return goods.product_json(self.shop, record)

    def delete_product(self, _path: str, params: Params, body: Params, ref: int) -> Record:
        shown = goods.product_json(self.shop, self._product(ref))
        if _forced(params, body):
            self.shop.delete_product(ref)
            return shown
        self.shop.edit_product(ref, status="trash")
        return goods.product_json(self.shop, self._product(ref))

    def batch_products(self, path: str, params: Params, body: Params) -> Record:
        return self._batch(path, params, body, self.create_product, self.edit_product, self.delete_product)

    # -- variations ---------------------------------------------------------------------------------------------------

    def lists_variations(self, path: str, params: Params, _body: Params, product: int) -> Reply:
        return self.lists.variations(path, params, product)

    def _variation(self, product: int, ref: int) -> Record:
        found = self.shop.variations.get(ref)
        if not found or found["parent_id"] != product:
            raise invalid_id("product_variation")
        return found

    def view_variation(self, _path: str, _params: Params, _body: Params, product: int, ref: int) -> Record:
        return goods.variation_json(self.shop, self._variation(product, ref))

    def create_variation(self, _path: str, _params: Params, body: Params, product: int) -> Reply:
        self._product(product)
        options = {entry["name"]: entry["option"] for entry in body.get("attributes") or ()}
        values = {
            name: value for name, value in body.items() if name in (*goods.PLAIN, "image") and name != "attributes"
        }
        ref = self.shop.add_variation(product, options, **values)
        return Reply(201, goods.variation_json(self.shop, self.shop.variations[ref], "edit"))

    def edit_variation(self, _path: str, _params: Params, body: Params, product: int, ref: int) -> Record:
        record = self._variation(product, ref)
        self.shop.edit_product(ref, **body)
        return goods.variation_json(self.shop, record, "edit")

    def delete_variation(self, _path: str, params: Params, body: Params, product: int, ref: int) -> Record:
        shown = goods.variation_json(self.shop, self._variation(product, ref))
        if not _forced(params, body):
            raise RestError("woocommerce_rest_trash_not_supported", _FORCED.format("Variations"), 501)
        self.shop.delete_variation(ref)
        return shown

    def batch_variations(self, path: str, params: Params, body: Params, product: int) -> Record:
        handlers = (self.create_variation, self.edit_variation, self.delete_variation)
        return self._batch(path, params, body, *handlers, product)

    # -- orders -------------------------------------------------------------------------------------------------------

    def lists_orders(self, path: str, params: Params, _body: Params) -> Reply:
        return self.lists.orders(path, params, lambda order, places: order_json(self.shop, order, places))

    def _order(self, ref: int, status: int = 404) -> Record:
        found = self.shop.orders.get(ref)
        if not found:
            raise invalid_id("shop_order", status)
        return found

    def view_order(self, _path: str, params: Params, _body: Params, ref: int) -> Record:
        places = read_args(params, {"dp": ("integer", self.shop.site["decimals"])})["dp"]
        return order_json(self.shop, self._order(ref), places)

    def _known_status(self, body: Params) -> None:
        if "status" in body:
            read_args({"status": body["status"]}, {"status": (("auto-draft", *self.shop.statuses), None)})

    def create_order(self, _path: str, _params: Params, body: Params) -> Reply:
        self._known_status(body)
        return Reply(201, order_json(self.shop, self.shop.add_order(body)))

    def edit_order(self, _path: str, _params: Params, body: Params, ref: int) -> Record:
        order = self._order(ref, 400)
        self._known_status(body)
        sales.update(self.shop, order, body)
        return order_json(self.shop, order)

    def delete_order(self, _path: str, params: Params, body: Params, ref: int) -> Record:
        order = self._order(ref)
        if _forced(params, body):
            shown = order_json(self.shop, order)
            self.shop.orders.remove(ref)
            self.shop.happened("order.deleted", ref)
            return shown
        self.shop.touch_order(ref, status="trash")
        return order_json(self.shop, order)

    def batch_orders(self, path: str, params: Params, body: Params) -> Record:
        return self._batch(path, params, body, self.create_order, self.edit_order, self.delete_order)

    # -- notes and refunds --------------------------------------------------------------------------------------------

    def lists_notes(self, _path: str, params: Params, _body: Params, order: int) -> list[Record]:
        self._order(order)
        kind = read_args(params, {"type": (("any", "customer", "internal"), "any")})["type"]
        found = [note for note in self.shop.order_notes[::-1] if note["order"] == order]
        return [
            note_json(self.shop, note)
            for note in found
            if kind == "any" or note["customer_note"] == (kind == "customer")
        ]

    def create_note(self, _path: str, _params: Params, body: Params, order: int) -> Reply:
        self._order(order)
        require(body, "note")
        return Reply(
            201, note_json(self.shop, self.shop.add_note(order, body["note"], bool(body.get("customer_note"))))
        )

    def _note(self, order: int, ref: int) -> Record:
        self._order(order)
        for note in self.shop.order_notes:
            if note["id"] == ref and note["order"] == order:
                return note
        raise RestError("woocommerce_rest_invalid_id", "Invalid resource ID.", 404)

    def view_note(self, _path: str, _params: Params, _body: Params, order: int, ref: int) -> Record:
        return note_json(self.shop, self._note(order, ref))

    def delete_note(self, _path: str, params: Params, body: Params, order: int, ref: int) -> Record:
        note = self._note(order, ref)
        if not _forced(params, body):
            raise RestError("woocommerce_rest_trash_not_supported", _FORCED.format("Webhooks"), 501)
        self.shop.order_notes.remove(note)
        return note_json(self.shop, note)

    def lists_refunds(self, path: str, params: Params, _body: Params, order: int | None) -> Reply:
        if order is not None:
            self._order(order)
        return self.lists.refunds(path, params, lambda record: refund_json(self.shop, record), order)

    def create_refund(self, _path: str, _params: Params, body: Params, order: int) -> Reply:
        record = refunds.refund(self.shop, self._order(order), body)
        return Reply(201, refund_json(self.shop, record))

    def _refund(self, order: int, ref: int) -> Record:
        self._order(order)
        found = self.shop.refunds.get(ref)
        if not found or found["order"] != order:
            raise RestError("woocommerce_rest_invalid_order_refund_id", "Invalid order refund ID.", 404)
        return found

    def view_refund(self, _path: str, _params: Params, _body: Params, order: int, ref: int) -> Record:
        return refund_json(self.shop, self._refund(order, ref))

    def delete_refund(self, _path: str, params: Params, body: Params, order: int, ref: int) -> Record:
        shown = refund_json(self.shop, self._refund(order, ref))
        if not _forced(params, body):
            raise RestError("woocommerce_rest_trash_not_supported", _FORCED.format("Refunds"), 501)
        self.shop.refunds.remove(ref)
        self.shop.orders[order]["refund_ids"].remove(ref)  # the order's time of change stays as it is
        return shown

    # -- webhooks and taxes -------------------------------------------------------------------------------------------

    def lists_webhooks(self, path: str, params: Params, _body: Params) -> Reply:
        kind = (("all", *webhooks.STATUSES), "all")
        status = read_args(params, {"status": kind})["status"]
        found = [hook for hook in self.shop.webhooks if status in ("all", hook["status"])]
        return self.lists.plain(path, params, found, lambda hook: webhook_json(self.shop, hook), status=kind)

    def _webhook(self, ref: int) -> Record:
        for hook in self.shop.webhooks:
            if hook["id"] == ref:
                return hook
        raise RestError("woocommerce_rest_shop_webhook_invalid_id", "Invalid ID.", 404)

    def view_webhook(self, _path: str, _params: Params, _body: Params, ref: int) -> Record:
        return webhook_json(self.shop, self._webhook(ref))

    def create_webhook(self, _path: str, _params: Params, body: Params) -> Reply:
        hook = webhooks.create(self.shop, body)
        self.simulator.pings.append(hook)
        return Reply(201, webhook_json(self.shop, hook))

    def edit_webhook(self, _path: str, _params: Params, body: Params, ref: int) -> Record:
        hook = self._webhook(ref)
        webhooks.update(self.shop, hook, body)
        return webhook_json(self.shop, hook)

    def delete_webhook(self, _path: str, params: Params, body: Params, ref: int) -> Record:
        hook = self._webhook(ref)
        if not _forced(params, body):
            raise RestError("woocommerce_rest_trash_not_supported", _FORCED.format("Webhooks"), 501)
        self.shop.webhooks.remove(hook)
        return webhook_json(self.shop, hook)

    def batch_webhooks(self, path: str, params: Params, body: Params) -> Record:
        return self._batch(path, params, body, self.create_webhook, self.edit_webhook, self.delete_webhook)

    def lists_taxes(self, path: str, params: Params, _body: Params) -> Reply:
        kinds = {"order": (("asc", "desc"), "asc"), "class": (("standard", "reduced-rate", "zero-rate"), None)}
        wanted = read_args(params, kinds)["class"]
        found = [tax for tax in self.shop.taxes if wanted in (None, tax["class"])]
        return self.lists.plain(path, params, found, lambda tax: tax_json(self.shop, tax), **kinds)

    def view_tax(self, _path: str, _params: Params, _body: Params, ref: int) -> Record:
        for tax in self.shop.taxes:
            if tax["id"] == ref:
                return tax_json(self.shop, tax)
        raise RestError("woocommerce_rest_invalid_id", "Invalid resource ID.", 404)

    # -- batches ------------------------------------------------------------------------------------------------------

    def _batch(
        self,
        path: str,
        params: Params,
        body: Params,
        create: Callable[..., Any],
        edit: Callable[..., Any],
        delete: Callable[..., Any],
        *parents: int,
    ) -> Record:
        refused = self.simulator.take_fault(self.simulator.label, "refuse_entry")
        place = iter(range(10_000))

        def run(handler: Callable[..., Any], entry: Params, *refs: Any) -> Any:
            if refused and next(place) == int(refused.options.get("index", 0)):
                code = refused.options.get("code", "woocommerce_rest_cannot_edit")
                message = refused.options.get("message", "Sorry, you are not allowed to edit this resource.")
                raise RestError(code, message, int(refused.options.get("status", 401)))
            answer = handler(path, params, entry, *parents, *refs)
            return answer.body if isinstance(answer, Reply) else answer

        return batch(
            body,
            {
                "create": lambda entry: run(create, entry),
                "update": lambda entry: run(edit, entry, int(entry.get("id", 0))),
                "delete": lambda entry: run(delete, {**entry, "force": True}, int(entry.get("id", 0))),
            },
        )


def _forced(params: Params, body: Params) -> bool:
    return str(params.get("force", body.get("force", False))).lower() in ("true", "1")
