"""A simulated WooCommerce: REST wc/v3 over loopback, with a site behind it that remembers what it is told.

``python -m tests.marketplaces.woocommerce --port 0`` prints its address and runs until interrupted. Answers are checked
against the JSON Schemas of a live WooCommerce where the official specifications are at hand.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from . import woocommerce_catalogue as catalogue
from . import woocommerce_orders as sales
from . import woocommerce_refunds as refunds
from . import woocommerce_webhooks as webhooks
from .base import Fault, Reply, Request, Simulator, serve
from .woocommerce_auth import ConsentPage, Doorkeeper, not_allowed
from .woocommerce_json import note_json, order_json, refund_json
from .woocommerce_rest import ROOT, RestError, encode, lists_joined, only_fields, php_query
from .woocommerce_routes import Routes
from .woocommerce_schema import Schemas
from .woocommerce_settings import index
from .woocommerce_shop import Shop

_JSON = {"Content-Type": "application/json; charset=UTF-8"}
_HTML = {"Content-Type": "text/html; charset=UTF-8"}
_NOTICE = (
    b"<br />\n<b>Warning</b>:  Undefined array key &quot;width&quot; in "
    b"<b>/var/www/html/wp-content/plugins/slider/slider.php</b> on line <b>214</b><br />\n"
)


class WooCommerceSimulator(Simulator):
    """One site.

    :param secure: behave as if TLS ended in front of it: keys count by HTTP Basic or in the query, and addresses in
        answers begin with https. Without it only OAuth 1.0a counts, as WooCommerce has it over plain HTTP
    :param validate: check each answer against the official schemas, where they are at hand; a breach is a crash
    :param insecure_callbacks: let the authorisation page hand keys to plain HTTP, which a real site refuses
    """

    name = "woocommerce"

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] | None = None,
        secure: bool = False,
        validate: bool = True,
        insecure_callbacks: bool = True,
    ):
        super().__init__(clock=clock)
        self.secure = secure
        self.shop = Shop(self.clock)
        self.label = ""  # of the request that is being answered
        self.pings: list[dict[str, Any]] = []  # webhooks made by it, whose ping is still to be sent
        self._schemas = Schemas.official() if validate else None
        self._door = Doorkeeper(self.shop, secure)
        self._consent = ConsentPage(self.shop, insecure_callbacks)
        self._routes = Routes(self)

    # -- state --------------------------------------------------------------------------------------------------------

    def start(self, port: int = 0, host: str = "127.0.0.1") -> WooCommerceSimulator:
        super().start(port, host)
        self.shop.home = self.url.replace("http://", "https://") if self.secure else self.url
        return self

    def dump(self) -> dict[str, Any]:
        return self.shop.dump()

    def load(self, state: Mapping[str, Any]) -> None:
        with self.lock:
            self.shop.load(state)

    _ACTIONS = frozenset(
        {"edit_product", "set_available", "available", "delete_variation", "delete_product", "add_product"}
        | {"add_variation", "touch_order", "add_key", "revoke_key", "age", "break_order", "repair_order"}
    )

    def do(self, action: str, **options: Any) -> Any:
        """What happens on the site. Orders and products are named by id, number or SKU.

        ``buy(spec)`` (see :func:`.woocommerce_orders.create`), ``set_status(order, status)``, ``cancel(order)``,
        ``refund(order, …)`` (as ``POST /orders/<id>/refunds`` takes it), ``add_note(order, note, …)``,
        ``deliver_webhooks()``, ``set_site(…)``, and these methods of :class:`.woocommerce_shop.Shop`: edit_product,
        set_available, available, add_product, add_variation, delete_variation, delete_product, touch_order, age,
        break_order, repair_order, add_key, revoke_key.
        """
        if action == "deliver_webhooks":
            return self.deliver_webhooks()
        with self.lock:
            try:
                return json.loads(encode(self._do(action, options)))
            except RestError as error:
                raise ValueError(f"{error.message} {options}") from None

    def _do(self, action: str, options: dict[str, Any]) -> Any:
        shop = self.shop
        if action == "buy":
            defaults = {"status": "processing", "created_via": "checkout"}
            spec = {**defaults, **options.pop("spec")}
            return order_json(shop, shop.add_order(spec, **options))
        if action in ("set_status", "cancel"):
            order = shop.order(options["order"])
            sales.update(shop, order, {"status": options.get("status", "cancelled")})
            return order_json(shop, order)
        if action == "refund":
            order = shop.order(options.pop("order"))
            return refund_json(shop, refunds.refund(shop, order, {"api_refund": False, **options}))
        if action == "add_note":
            return note_json(shop, shop.add_note(options.pop("order"), **options))
        if action == "set_site":
            shop.site.update(options)
            return None
        if action not in self._ACTIONS:
            raise ValueError(f"{self.name} can't {action}")
        return getattr(shop, action)(**options)

    def deliver_webhooks(self) -> list[dict[str, Any]]:
        """Let the site's scheduler run: sends the deliveries that wait, gives ``{"topic", "ref", "status", …}`` of each."""
        return webhooks.deliver(self)

    # -- HTTP ---------------------------------------------------------------------------------------------------------

    def handle(self, request: Request) -> Reply:
        path = urlsplit(request.path).path
        self.label = request.label
        if self.take_fault(self.label, "firewall"):
            return Reply(403, b"<html><head><title>403 Forbidden</title></head><body>Blocked.</body></html>", _HTML)
        if path.startswith("/wc-auth/v1/") and request.method == "GET":
            return self._consent.handle(request)
        if path.rstrip("/") == "/wp-json":
            return Reply(body=encode(index(self.shop)), headers=dict(_JSON))
        if not path.startswith("/wp-json/"):
            return Reply(404, b"<html><body><h1>Page not found</h1></body></html>", _HTML)
        reply = self._rest(request, path)
        if self.take_fault(self.label, "warnings"):
            reply.body = _NOTICE + reply.body
            reply.headers["Content-Type"] = _HTML["Content-Type"]
        return self._pinging(reply) if self.pings else reply

    def _rest(self, request: Request, path: str) -> Reply:
        params = lists_joined(php_query(urlsplit(request.path).query))
        root = {**_JSON, "Link": f'<{self.shop.home}/wp-json/>; rel="https://api.w.org/"'}
        try:
            key = self._door.key_of(request)
            route, ids = self._routes.find(request.method, path)
            root["Allow"] = ", ".join(route)
            what, handler = route[request.method]
            if not key or not key["capable"]:
                root.pop("Allow")
                raise not_allowed(what, key is not None)
            if self.take_fault(self.label, "server_fault"):
                return self._critical()
            answer = handler(path, params, self._body(request), *ids)
            reply = answer if isinstance(answer, Reply) else Reply(body=answer)
        except RestError as error:
            return Reply(error.status, encode(error.body()), root)
        if self._schemas:
            self._schemas.check(request.method, path.removeprefix(ROOT), reply.body)
        body = only_fields(reply.body, params.get("_fields")) if request.method == "GET" else reply.body
        return Reply(reply.status, encode(body), {**root, **reply.headers})

    @staticmethod
    def _body(request: Request) -> dict[str, Any]:
        if request.raw and not isinstance(request.body, dict):
            wrong = {"json_error_code": 4, "json_error_message": "Syntax error"}
            raise RestError("rest_invalid_json", "Invalid JSON body passed.", 400, **wrong)
        return request.body or {}

    def _pinging(self, reply: Reply) -> Reply:
        """Send pings before the answer goes out, as WooCommerce does, but with the state free for others."""
        made, self.pings = self.pings, []

        def send() -> Reply:
            for hook in made:
                webhooks.ping(hook)
            return reply

        return Reply(then=send)

    # -- faults -------------------------------------------------------------------------------------------------------

    def throttled(self, fault: Fault) -> Reply:
        """WooCommerce itself never throttles: this is what a host in front of it says."""
        text = b"<html><head><title>429 Too Many Requests</title></head><body>Slow down.</body></html>"
        return Reply(429, text, {**_HTML, "Retry-After": str(fault.options.get("seconds", 1))})

    def failed(self, fault: Fault) -> Reply:
        status = int(fault.options.get("status", 500))
        if status == 500:
            return self._critical()
        text = f"<html><head><title>{status} Service Unavailable</title></head><body>nginx</body></html>"
        return Reply(status, text.encode(), dict(_HTML))

    @staticmethod
    def _critical() -> Reply:
        """What WordPress says when PHP gave up."""
        message = "There has been a critical error on this website."
        body = {"code": "internal_server_error", "message": f"<p>{message}</p>", "data": {"status": 500}}
        return Reply(500, encode({**body, "additional_errors": []}), dict(_JSON))


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.marketplaces.woocommerce", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--items", type=int, default=600, help="products and variations to build")
    parser.add_argument("--orders", type=int, default=48, help="orders to build")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--skus", help="a JSON file with SKUs that the shop sells under the same code")
    parser.add_argument("--state", help="a JSON file: loaded if it is there, kept up to date")
    parser.add_argument(
        "--secure", action="store_true", help="as if TLS ended in front of it: keys count by HTTP Basic"
    )
    parser.add_argument("--fast", action="store_true", help="answer without checking against the official schemas")
    options = parser.parse_args(argv)
    simulator = WooCommerceSimulator(validate=not options.fast, secure=options.secure)
    if options.state and Path(options.state).exists():
        simulator.load(json.loads(Path(options.state).read_text(encoding="utf-8")))
    else:
        skus = json.loads(Path(options.skus).read_text(encoding="utf-8")) if options.skus else ()
        catalogue.build_shop(simulator.shop, items=options.items, orders=options.orders, seed=options.seed, skus=skus)
        simulator.changed = True
    serve(simulator, options.port, options.state)


if __name__ == "__main__":
    main()
