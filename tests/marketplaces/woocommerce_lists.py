"""The lists of a simulated WooCommerce: what each may be asked for, and its pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import woocommerce_products as goods
from .base import Reply
from .woocommerce_rest import BOOLEAN, INTEGER, PAGED, TEXT, page_headers, page_of, read_args, threshold
from .woocommerce_table import Record, Table

if TYPE_CHECKING:
    from .woocommerce import WooCommerceSimulator
    from .woocommerce_shop import Shop

_STOCK = ("instock", "outofstock", "onbackorder")
_LIMITS = ("after", "before", "modified_after", "modified_before")
#: parameters that say how a list is cut and sorted, not what is in it
_SHAPE = {"page", "per_page", "offset", "order", "orderby", "context", "dates_are_gmt", *_LIMITS}
PRODUCTS = {
    **PAGED,
    "orderby": ((*PAGED["orderby"][0], "popularity", "rating", "price", "menu_order"), "date"),
    "status": (goods.STATUSES, "any"),
    "include_status": ([goods.STATUSES], None),
    "exclude_status": ([goods.STATUSES], None),
    "type": (goods.TYPES, None),
    "include_types": ([goods.TYPES], None),
    "exclude_types": ([goods.TYPES], None),
    "sku": (TEXT, None),
    "search_sku": (TEXT, None),
    "slug": (TEXT, None),
    "parent": ([INTEGER], []),
    "featured": (BOOLEAN, None),
    "virtual": (BOOLEAN, None),
    "stock_status": (_STOCK, None),
}
VARIATIONS = {name: kind for name, kind in PRODUCTS.items() if name not in ("type", "include_types", "exclude_types")}


def order_args(shop: Shop) -> dict[str, tuple[Any, Any]]:
    statuses = ("any", "trash", "auto-draft", *shop.statuses)
    return {
        **PAGED,
        "status": ([statuses], ["any"]),
        "parent": ([INTEGER], []),
        "customer": (INTEGER, None),
        "product": (INTEGER, None),
        "created_via": ([TEXT], None),
        "dp": (INTEGER, shop.site["decimals"]),
    }


class Lists:
    """Pages of records, with the faults that concern pages."""

    def __init__(self, simulator: WooCommerceSimulator):
        self.simulator = simulator
        self.shop = simulator.shop
        self._last: dict[str, Reply] = {}

    def products(self, path: str, params: Mapping[str, Any]) -> Reply:
        args = read_args(params, PRODUCTS)
        render = lambda record: goods.product_json(self.shop, record)  # noqa: E731
        if args["sku"]:
            owners = (self.shop.sku_owner(code.strip()) for code in args["sku"].split(","))
            return self._page(path, params, args, [owner for owner in owners if owner], render)
        return self._table(path, params, args, self.shop.products, _product_filter(self.shop, args), render)

    def variations(self, path: str, params: Mapping[str, Any], parent: int | None = None) -> Reply:
        args = read_args(params, VARIATIONS)
        if parent is not None:
            args["parent"] = [parent]
        render = lambda record: goods.variation_json(self.shop, record, args["context"])  # noqa: E731
        wanted = _product_filter(self.shop, args)
        if args["parent"]:
            return self._few(path, params, args, self.shop.variations, self._children(args["parent"]), wanted, render)
        return self._table(path, params, args, self.shop.variations, wanted, render)

    def orders(self, path: str, params: Mapping[str, Any], render: Callable[[Record, int], Any]) -> Reply:
        args = read_args(params, order_args(self.shop))
        statuses = frozenset(self.shop.statuses if "any" in args["status"] else args["status"])
        return self._table(
            path,
            params,
            args,
            self.shop.orders,
            lambda order: order["status"] in statuses and _order_fits(order, args),
            lambda order: render(order, args["dp"]),
            sorted(statuses),
        )

    def refunds(
        self, path: str, params: Mapping[str, Any], render: Callable[[Record], Any], order: int | None
    ) -> Reply:
        args = read_args(params, PAGED)
        if order is None:
            return self._table(path, params, args, self.shop.refunds, lambda _record: True, render)
        refs = self.shop.orders[order]["refund_ids"]
        return self._few(path, params, args, self.shop.refunds, refs, lambda _record: True, render)

    def plain(
        self,
        path: str,
        params: Mapping[str, Any],
        records: Sequence[Record],
        render: Callable[[Record], Any],
        **more: Any,
    ) -> Reply:
        """A short list that is sorted as it is: webhooks, taxes, customers."""
        args = read_args(
            params, {"page": PAGED["page"], "per_page": PAGED["per_page"], "order": PAGED["order"], **more}
        )
        return self._page(path, params, args, records if args["order"] == "asc" else records[::-1], render)

    # -- parts --------------------------------------------------------------------------------------------------------

    def _children(self, parents: Sequence[int]) -> list[int]:
        return [
            ref
            for parent in parents
            if parent in self.shop.products
            for ref in self.shop.products[parent]["variations"]
        ]

    def _few(
        self,
        path: str,
        params: Mapping[str, Any],
        args: dict[str, Any],
        table: Table,
        refs: Sequence[int],
        wanted: Callable[[Record], bool],
        render: Callable[[Record], Any],
    ) -> Reply:
        """A list of records that are known by their ids, so that a large table is not gone through."""
        some = Table()
        some.fill({ref: table[ref] for ref in refs})
        return self._table(path, params, args, some, wanted, render)

    def _table(
        self,
        path: str,
        params: Mapping[str, Any],
        args: dict[str, Any],
        table: Table,
        wanted: Callable[[Record], bool],
        render: Callable[[Record], Any],
        *depends: Any,
    ) -> Reply:
        """``depends``: what ``wanted`` depends on besides what was asked for."""
        fault = None if _at_start(args) else self.simulator.take_fault(self.simulator.label, "change_order")
        if fault and table:
            self._change(table, fault.options)
        key = repr((*sorted((name, value) for name, value in args.items() if name not in _SHAPE), *depends))
        zone = self.shop.site["timezone"]
        limits = {name: threshold(args[name], zone, args["dates_are_gmt"]) for name in _LIMITS if args.get(name)}
        return self._page(path, params, args, table.listed({**args, **limits}, key, wanted), render)

    def _change(self, table: Table, options: Mapping[str, Any]) -> None:
        """Somebody changes a record while its list is being paged; the first one where the fault names none."""
        record = table[int(options["id"])] if "id" in options else next(iter(table.values()))
        if table is self.shop.orders:
            self.shop.touch_order(record["id"])
        elif record.get("type") in ("variation", *goods.TYPES):
            self.shop.touch_item(record)

    def _page(
        self,
        path: str,
        params: Mapping[str, Any],
        args: Mapping[str, Any],
        records: Sequence[Record],
        render: Callable[[Record], Any],
    ) -> Reply:
        last = self._last.get(path)
        if last and not _at_start(args) and self.simulator.take_fault(self.simulator.label, "repeat_page"):
            return last
        shown = [render(record) for record in page_of(records, args)]
        reply = Reply(body=shown, headers=page_headers(self.shop.home + path, len(records), args, params))
        self._last[path] = reply
        return reply


def _at_start(args: Mapping[str, Any]) -> bool:
    return not args.get("offset") and args["page"] == 1


def _order_fits(order: Record, args: Mapping[str, Any]) -> bool:
    lines = order["line_items"]
    return (
        _id_fits(order, args)
        and args["customer"] in (None, order["customer_id"])
        and (args["product"] is None or any(args["product"] == line["product_id"] for line in lines))
        and (args["created_via"] is None or order["created_via"] in args["created_via"])
        and (not args["search"] or args["search"].lower() in f"{order['number']} {order['billing']}".lower())
    )


def _id_fits(record: Record, args: Mapping[str, Any]) -> bool:
    return (not args["include"] or record["id"] in args["include"]) and record["id"] not in args["exclude"]


def _product_filter(shop: Shop, args: Mapping[str, Any]) -> Callable[[Record], bool]:
    statuses = {args["status"]} if args["status"] != "any" else set(goods.STATUSES) - {"trash"}
    if args["include_status"]:
        statuses = set(args["include_status"])
        statuses = set(goods.STATUSES) - {"trash"} if "any" in statuses else statuses
    statuses -= set(args["exclude_status"] or ())
    types = set(args.get("include_types") or ()) or ({args["type"]} if args.get("type") else None)
    unwanted = set(args.get("exclude_types") or ())
    words = [(name, args[name]) for name in ("slug", "featured", "virtual") if args[name] is not None]

    def wanted(record: Record) -> bool:
        return (
            record["status"] in statuses
            and (types is None or record["type"] in types)
            and record["type"] not in unwanted
            and _id_fits(record, args)
            and (not args["parent"] or record["parent_id"] in args["parent"])
            and all(record[name] == value for name, value in words)
            and (not args["search"] or args["search"].lower() in record["name"].lower())
            and (not args["sku"] or record["sku"].lower() in args["sku"].lower().split(","))
            and (not args["search_sku"] or args["search_sku"].lower() in record["sku"].lower())
            and (not args["stock_status"] or goods.stock_view(shop, record)["stock_status"] == args["stock_status"])
        )

    return wanted
