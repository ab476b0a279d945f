"""A simulated Shopify: Admin GraphQL over loopback, with a shop behind it that remembers what it is told.

``python -m tests.marketplaces.shopify --port 0`` prints its address and runs until interrupted. Documents are validated
and executed against Shopify's own schema where the official specifications are at hand, and by the same resolvers
without a schema where they are not.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from . import catalogue
from .base import Fault, Reply, Request, Simulator, serve
from .shopify_deliveries import deliver
from .shopify_graphql import Executor, FieldFault, official_schema, requested_cost
from .shopify_mutations import Mutations
from .shopify_oauth import App
from .shopify_search import keyset_page, offset_page, predicate
from .shopify_shop import Shop, by_id, by_time

VERSION = "2026-10"


class ShopifySimulator(Simulator):
    """One shop.

    :param strict: execute with graphql-core against the official schema; False is some ten times faster and answers
        the same, documents being validated all the same
    :param max_cost: most points that one document may ask for. Shopify's own limit is 1,000; how it reckons is not
        published, and :func:`requested_cost` rather overrates, so the default leaves room
    :param bucket: points that calls may use at once, ``restore_rate`` what comes back a second. By default so much that
        nothing waits; a standard shop has 2,000 and 100
    """

    name = "shopify"

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] | None = None,
        strict: bool = True,
        validate: bool = True,
        max_cost: int = 2_500,
        bucket: float = 1_000_000,
        restore_rate: float = 100_000,
        depth_limit: int = 25_000,
    ):
        super().__init__(clock=clock)
        self.shop = Shop(self.clock)
        self.app = App(self.shop)
        self.max_cost, self.depth_limit = max_cost, depth_limit
        self.bucket_size, self.restore_rate = bucket, restore_rate
        self._points, self._points_at = bucket, time.monotonic()
        self._last_pages: dict[str, Any] = {}
        self._label = ""
        self._scopes: list[str] | None = None  # what whoever asks right now may do; None: all that the app may
        schema = official_schema(VERSION) if validate else None
        self.executor = Executor({**self._queries(), **Mutations(self).resolvers()}, schema, strict)

    # -- state --------------------------------------------------------------------------------------------------------

    def dump(self) -> dict[str, Any]:
        return {**self.shop.dump(), "app": self.app.dump()}

    def load(self, state: Mapping[str, Any]) -> None:
        with self.lock:
            self.shop.load(state)
            if "app" in state:
                self.app.load(state["app"])

    _ACTIONS = frozenset(
        {"add_order", "touch_order", "break_order", "repair_order", "hold_order", "fulfill", "refund", "cancel", "age"}
        | {"set_available", "available", "edit_variant", "edit_product", "delete_variant", "add_product", "add_variant"}
    )

    def do(self, action: str, **options: Any) -> Any:
        """One of the shop's own actions, see :class:`.shopify_shop.Shop`, or of its app, see :class:`.shopify_oauth.App`;
        besides ``set_scopes``, ``set_token`` and ``deliver_webhooks``."""
        if action == "deliver_webhooks":
            return self.deliver_webhooks(**options)
        with self.lock:
            if action in ("set_scopes", "set_token"):
                setattr(self.shop, action.removeprefix("set_"), options["value"])
                return None
            if action in ("revoke", "expire_tokens", "uninstall", "change"):
                return getattr(self.app, action)(**options)
            if action not in self._ACTIONS:
                raise ValueError(f"{self.name} can't {action}")
            try:
                return getattr(self.shop, action)(**options)
            except StopIteration:
                raise ValueError(f"{self.name} has no such record: {options}") from None

    # -- HTTP ---------------------------------------------------------------------------------------------------------

    def handle(self, request: Request) -> Reply:
        if request.path.startswith("/admin/oauth/"):
            return self.app.handle(request)
        if request.method != "POST" or request.path != f"/admin/api/{VERSION}/graphql.json":
            return Reply(404, {"errors": "Not Found"})
        headers = {name.lower(): value for name, value in request.headers.items()}
        scopes = self.app.scopes_of(headers.get("x-shopify-access-token"))
        if scopes is None:
            return Reply(
                401, {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}
            )
        if not isinstance(request.body, dict) or not isinstance(request.body.get("query"), str):
            return Reply(400, {"errors": "Bad Request"})
        self._label, self._scopes = request.label, scopes
        document, variables = request.body["query"], request.body.get("variables") or {}
        return Reply(body=self._answer(document, variables), headers={"X-Shopify-API-Version": VERSION})

    def _answer(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        if self.take_fault(self._label, "server_fault"):
            return self._error("Internal error. Looks like something went wrong on our end.", "INTERNAL_SERVER_ERROR")
        cost = requested_cost(document, variables)
        if cost > self.max_cost:
            message = f"Query cost is {cost}, which exceeds the single query max cost limit ({self.max_cost})."
            return self._error(message, "MAX_COST_EXCEEDED", cost=cost, maxCost=self.max_cost)
        now = time.monotonic()
        self._points = min(self.bucket_size, self._points + (now - self._points_at) * self.restore_rate)
        self._points_at = now
        if cost > self._points:
            return {**self._error("Throttled", "THROTTLED"), "extensions": self._cost(cost, None)}
        self._points -= cost
        return {**self.executor.run(document, variables), "extensions": self._cost(cost, cost)}

    def throttled(self, fault: Fault) -> Reply:
        """As Shopify does: a 200 that says so. With ``http=True`` a 429, as its outer defences do."""
        seconds = float(fault.options.get("seconds", 1))
        if fault.options.get("http"):
            return Reply(429, {"errors": "Too many requests"}, {"Retry-After": str(seconds)})
        status = {"maximumAvailable": 2000.0, "currentlyAvailable": 0.0, "restoreRate": 100.0}
        cost = {"requestedQueryCost": 100 * seconds, "actualQueryCost": None, "throttleStatus": status}
        return Reply(body={**self._error("Throttled", "THROTTLED"), "extensions": {"cost": cost}})

    def _cost(self, requested: int, actual: int | None) -> dict[str, Any]:
        status = {
            "maximumAvailable": float(self.bucket_size),
            "currentlyAvailable": float(int(self._points)),
            "restoreRate": float(self.restore_rate),
        }
        return {"cost": {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": status}}

    @staticmethod
    def _error(message: str, code: str, **extensions: Any) -> dict[str, Any]:
        return {"errors": [{"message": message, "extensions": {"code": code, **extensions}}]}

    # -- queries ------------------------------------------------------------------------------------------------------

    def _queries(self) -> dict[tuple[str, str], Any]:
        shop = self.shop
        nested = {
            ("Order", "lineItems"): self._lines,
            **{
                (kind, name): lambda source, args, _key, name=name: offset_page(source.get(name) or [], args)
                for kind, name in (
                    ("ProductVariant", "media"),
                    ("Order", "shippingLines"),
                    ("Order", "localizedFields"),
                    ("Order", "fulfillmentOrders"),
                    ("Fulfillment", "fulfillmentLineItems"),
                    ("Refund", "refundLineItems"),
                    ("FulfillmentOrder", "lineItems"),
                )
            },
            **{
                ("Order", name): lambda source, args, _key, name=name: source[name][: args.get("first")]
                for name in ("fulfillments", "refunds")
            },
        }
        return {
            ("QueryRoot", "shop"): lambda *_: shop.info,
            ("QueryRoot", "currentAppInstallation"): lambda *_: {
                "accessScopes": [{"handle": scope} for scope in self._allowed()]
            },
            ("QueryRoot", "locations"): self._locations,
            ("QueryRoot", "productVariants"): lambda _s, args, _k: self._list("variants", "ProductVariant", args),
            ("QueryRoot", "products"): lambda _s, args, _k: self._list("products", "Product", args),
            ("QueryRoot", "orders"): lambda _s, args, _k: self._list("orders", "Order", args),
            ("QueryRoot", "location"): lambda _s, args, _k: next(
                (place for place in shop.locations if place["id"] == args["id"]), None
            ),
            ("QueryRoot", "product"): lambda _s, args, _k: shop.products.get(args["id"]),
            ("QueryRoot", "order"): self._order,
            ("QueryRoot", "nodes"): lambda _s, args, _k: [shop.orders.get(ref) for ref in args["ids"]],
            ("QueryRoot", "fulfillment"): lambda _s, args, _k: self._part("fulfillments", args["id"]),
            ("QueryRoot", "refund"): lambda _s, args, _k: self._part("refunds", args["id"]),
            ("QueryRoot", "fulfillmentOrder"): lambda _s, args, _k: self._part("fulfillmentOrders", args["id"]),
            ("QueryRoot", "job"): self._job,
            ("QueryRoot", "webhookSubscriptions"): self._webhooks,
            ("ProductVariant", "product"): lambda source, *_: shop.products[source["productId"]],
            ("ProductVariant", "inventoryItem"): lambda source, *_: shop.items[source["itemId"]],
            ("ProductVariant", "inventoryQuantity"): lambda source, *_: sum(shop.levels[source["itemId"]].values()),
            ("InventoryItem", "inventoryLevel"): self._level,
            ("Product", "hasOnlyDefaultVariant"): self._is_plain,
            ("Product", "variants"): lambda source, args, _k: offset_page(
                [shop.variants[ref] for ref in source["variantIds"]], args
            ),
            **nested,
        }

    def _allowed(self) -> list[str]:
        return self.shop.scopes if self._scopes is None else self._scopes

    def _needs(self, scope: str) -> None:
        if scope not in self._allowed():
            raise FieldFault(f"Access denied. Required access: `{scope}` access scope.", "ACCESS_DENIED")

    def _level(self, item: Mapping[str, Any], args: Mapping[str, Any], _key: Any) -> dict[str, Any] | None:
        available = self.shop.levels[item["id"]].get(args["locationId"])
        return None if available is None else {"quantities": [{"name": "available", "quantity": available}]}

    def _is_plain(self, product: Mapping[str, Any], _args: Any, _key: Any) -> bool:
        refs = product["variantIds"]
        return len(refs) == 1 and self.shop.variants[refs[0]]["title"] == "Default Title"

    def _lines(self, order: Mapping[str, Any], args: Mapping[str, Any], _key: Any) -> dict[str, Any]:
        if order.get("poison"):
            raise FieldFault("Internal error. Looks like something went wrong on our end.", "INTERNAL_SERVER_ERROR")
        return offset_page(order["lineItems"], args)

    def _locations(self, _source: Any, args: Mapping[str, Any], _key: Any) -> dict[str, Any]:
        self._needs("read_locations")
        return offset_page(
            [place for place in self.shop.locations if place["isActive"] or args["includeInactive"]], args
        )

    def _order(self, _source: Any, args: Mapping[str, Any], _key: Any) -> dict[str, Any] | None:
        self._needs("read_orders")
        return self.shop.orders.get(args["id"])

    def _part(self, name: str, ref: str) -> dict[str, Any] | None:
        parts = (part for order in self.shop.orders.values() for part in order[name])
        return next((part for part in parts if part["id"] == ref), None)

    def _job(self, _source: Any, args: Mapping[str, Any], _key: Any) -> dict[str, Any] | None:
        """Done when it is asked for the second time."""
        job = self.shop.jobs.get(args["id"])
        if job and job["asked"] and not job["done"]:
            job["done"] = True
            self.shop.cancel(job["order"], job["reason"])
        if job:
            job["asked"] = True
        return job

    def _webhooks(self, _source: Any, args: Mapping[str, Any], _key: Any) -> dict[str, Any]:
        topics = args.get("topics")
        return offset_page([hook for hook in self.shop.webhooks if not topics or hook["topic"] in topics], args)

    def _list(self, name: str, kind: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """A page of a root list, with the faults that concern pages."""
        self._needs("read_orders" if name == "orders" else "read_products")
        fault = self.take_fault(self._label, "change_order") if name == "orders" and args.get("after") else None
        if fault:
            self.shop.touch_order(fault.options.get("order") or next(iter(self.shop.orders)))
        last = self._last_pages.get(name)
        if args.get("after") and last and self.take_fault(self._label, "repeat_page"):
            return last
        key = by_time if args.get("sortKey", "ID") == "UPDATED_AT" else by_id
        records = self.shop.sorted(f"{name}/{key.__name__}", key)
        if args.get("query"):
            matches = predicate(kind, args["query"])
            records = [record for record in records if matches(record)]
        page = keyset_page(records, args, key, self.depth_limit)
        self._last_pages[name] = page
        return page

    def deliver_webhooks(self, topic: str, ref: str | None = None, **options: Any) -> list[dict[str, Any]]:
        """Notify everybody who subscribed to a topic, see :func:`.shopify_deliveries.deliver`."""
        return deliver(self.app, VERSION, topic, ref, **options)

    # -- for tests ----------------------------------------------------------------------------------------------------

    def parcels(self, order: str) -> list[dict[str, Any]]:
        """Fulfilments of an order, given by id or name."""
        with self.lock:
            return [dict(parcel) for parcel in self.shop.order(order)["fulfillments"]]


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.marketplaces.shopify", description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--items", type=int, default=600, help="variants to build")
    parser.add_argument("--orders", type=int, default=48, help="orders to build")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--skus", help="a JSON file with SKUs that the shop sells under the same code")
    parser.add_argument("--state", help="a JSON file: loaded if it is there, kept up to date")
    parser.add_argument("--bucket", type=float, default=1_000_000, help="points that calls may use at once")
    parser.add_argument("--restore-rate", type=float, default=100_000, help="points that come back a second")
    parser.add_argument("--fast", action="store_true", help="execute without checking every value against the schema")
    options = parser.parse_args(argv)
    simulator = ShopifySimulator(strict=not options.fast, bucket=options.bucket, restore_rate=options.restore_rate)
    if options.state and Path(options.state).exists():
        simulator.load(json.loads(Path(options.state).read_text(encoding="utf-8")))
    else:
        skus = json.loads(Path(options.skus).read_text(encoding="utf-8")) if options.skus else ()
        catalogue.build_shop(simulator.shop, items=options.items, orders=options.orders, seed=options.seed, skus=skus)
        simulator.changed = True
    serve(simulator, options.port, options.state)


if __name__ == "__main__":
    main()
