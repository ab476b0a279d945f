"""What a simulated WooCommerce tells about itself: settings, statuses, currencies, customers, the index of WordPress."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from .woocommerce_json import dates
from .woocommerce_money import CURRENCIES
from .woocommerce_rest import RestError, gmt

if TYPE_CHECKING:
    from .woocommerce_lists import Lists
    from .woocommerce_shop import Shop

Record = dict[str, Any]
_GROUPS = {"general": "General", "products": "Products", "tax": "Tax", "shipping": "Shipping", "checkout": "Payments"}


def routes(shop: Shop, lists: Lists) -> dict[str, dict[str, tuple[str, Callable[..., Any]]]]:
    read = lambda handler, what="list": {"GET": (what, handler)}  # noqa: E731
    return {
        "/reports/orders/totals": read(lambda *_: order_totals(shop)),
        "/settings": read(lambda *_: [_group(shop, name) for name in _GROUPS]),
        r"/settings/([a-z-]+)": read(lambda _path, _params, _body, group: _settings(shop, group)),
        r"/settings/([a-z-]+)/(\w+)": read(
            lambda _path, _params, _body, group, name: _setting(shop, group, name), "view"
        ),
        "/system_status": read(lambda *_: system_status(shop)),
        "/data/currencies": read(lambda *_: [_currency(shop, code) for code in CURRENCIES]),
        r"/data/currencies/([A-Za-z]{3}|current)": read(lambda _p, _q, _b, code: _currency(shop, code), "view"),
        "/customers": read(
            lambda path, params, _body: lists.plain(
                path, params, list(shop.customers.values()), lambda person: customer(shop, person)
            )
        ),
        r"/customers/(\d+)": read(lambda _path, _params, _body, ref: _customer(shop, ref), "view"),
        "/payment_gateways": read(lambda *_: [_gateway(shop, *entry) for entry in _GATEWAYS.items()]),
        "/shipping_methods": read(lambda *_: [_method(shop, *entry) for entry in _METHODS.items()]),
        "/taxes/classes": read(
            lambda *_: [
                {
                    "slug": slug,
                    "name": name,
                    "_links": {"collection": [{"href": f"{shop.home}/wp-json/wc/v3/taxes/classes"}]},
                }
                for slug, name in _CLASSES.items()
            ]
        ),
    }


_CLASSES = {"standard": "Standard rate", "reduced-rate": "Reduced rate", "zero-rate": "Zero rate"}
_GATEWAYS = {"bacs": "Direct bank transfer", "cod": "Cash on delivery", "stripe": "Card"}
_METHODS = {"flat_rate": "Flat rate", "free_shipping": "Free shipping", "local_pickup": "Local pickup"}


def statuses(shop: Shop) -> list[Record]:
    return [{"slug": slug, "name": name} for slug, name in shop.statuses.items()]


def order_totals(shop: Shop) -> list[Record]:
    """Every status that the site knows, those of plugins too, and how many orders are in it."""
    counted = Counter(order["status"] for order in shop.orders.values())
    return [{"slug": slug, "name": name, "total": counted[slug]} for slug, name in shop.statuses.items()]


# -- settings ---------------------------------------------------------------------------------------------------------


def _values(shop: Shop) -> dict[str, list[tuple[str, str, str, str]]]:
    """Group -> (id, label, type, value)."""
    site, yes = shop.site, lambda value: "yes" if value else "no"
    return {
        "general": [
            ("woocommerce_store_address", "Address line 1", "text", "1 Example Street"),
            ("woocommerce_store_city", "City", "text", "Springfield"),
            ("woocommerce_default_country", "Country / State", "select", site["country"]),
            ("woocommerce_store_postcode", "Postcode / ZIP", "text", "10001"),
            ("woocommerce_calc_taxes", "Enable taxes", "checkbox", yes(shop.taxes)),
            ("woocommerce_enable_coupons", "Enable coupons", "checkbox", "yes"),
            ("woocommerce_currency", "Currency", "select", site["currency"]),
            ("woocommerce_price_num_decimals", "Number of decimals", "number", str(site["decimals"])),
        ],
        "products": [
            ("woocommerce_weight_unit", "Weight unit", "select", "kg"),
            ("woocommerce_manage_stock", "Manage stock", "checkbox", "yes"),
        ],
        "tax": [
            ("woocommerce_prices_include_tax", "Prices entered with tax", "radio", yes(site["prices_include_tax"])),
            ("woocommerce_tax_based_on", "Calculate tax based on", "select", "shipping"),
            ("woocommerce_tax_round_at_subtotal", "Rounding", "checkbox", yes(site["round_at_subtotal"])),
        ],
        "shipping": [("woocommerce_ship_to_countries", "Shipping location(s)", "select", "")],
        "checkout": [],
    }


def _group(shop: Shop, name: str) -> Record:
    href = f"{shop.home}/wp-json/wc/v3/settings/{name}"
    shown = {"id": name, "label": _GROUPS[name], "description": "", "parent_id": "", "sub_groups": []}
    return {**shown, "_links": {"options": [{"href": href}]}}


def _settings(shop: Shop, group: str) -> list[Record]:
    if group not in _GROUPS:
        raise RestError("rest_setting_setting_group_invalid", "Invalid setting group.", 404)
    own = f"settings/{group}"
    return [
        {
            "id": name,
            "label": label,
            "description": "",
            "type": kind,
            "default": "",
            "tip": "",
            "value": value,
            "_links": shop.links(f"{own}/{name}", own, allow=("GET", "POST", "PUT", "PATCH")),
        }
        for name, label, kind, value in _values(shop)[group]
    ]


def _setting(shop: Shop, group: str, name: str) -> Record:
    for entry in _settings(shop, group):
        if entry["id"] == name:
            return {**entry, "group_id": group}
    raise RestError("rest_setting_setting_invalid", "Invalid setting.", 404)


def system_status(shop: Shop) -> Record:
    site = shop.site
    return {
        "environment": {
            "home_url": shop.home,
            "site_url": shop.home,
            "store_id": "00000000-0000-4000-8000-000000000001",
            "version": "11.0.1",
            "wp_version": "7.1",
            "wp_multisite": False,
            "wp_cron": True,
            "wp_environment_type": "production",
            "language": "en_US",
            "default_timezone": "UTC",  # of PHP: WordPress sets it so, whatever zone the site is in
        },
        "active_plugins": [],
        "settings": {
            "api_enabled": False,
            "force_ssl": shop.home.startswith("https"),
            "currency": site["currency"],
            "currency_symbol": shop.symbol(entity=True),
            "currency_position": "left",
            "thousand_separator": ",",
            "decimal_separator": ".",
            "number_of_decimals": site["decimals"],
            "HPOS_enabled": True,
        },
    }


def index(shop: Shop) -> Record:
    """``/wp-json/``, which anybody may read: the only place that names the site's time zone."""
    zone = shop.site["timezone"]
    offset = shop.clock().astimezone(ZoneInfo(zone)).utcoffset()
    return {
        "name": shop.site["name"],
        "description": "",
        "url": shop.home,
        "home": shop.home,
        "gmt_offset": str(offset.total_seconds() / 3600).removesuffix(".0"),
        "timezone_string": zone,
        "namespaces": ["oembed/1.0", "wc/v1", "wc/v2", "wc/v3", "wc-auth/v1", "wp/v2"],
        "authentication": {},
        "routes": {},
        "site_logo": 0,
        "site_icon": 0,
        "site_icon_url": "",
    }


# -- small records ----------------------------------------------------------------------------------------------------


def _currency(shop: Shop, code: str) -> Record:
    code = shop.site["currency"] if code == "current" else code.upper()
    if code not in CURRENCIES:
        raise RestError(
            "woocommerce_rest_data_invalid_currency", "There are no currencies matching these parameters.", 404
        )
    name, _plain, escaped = CURRENCIES[code]
    links = shop.links(f"data/currencies/{code}", "data/currencies", allow=("GET",))
    return {"code": code, "name": name, "symbol": escaped, "_links": links}


def _customer(shop: Shop, ref: int) -> Record:
    person = shop.customers.get(str(ref))
    if not person:
        raise RestError("woocommerce_rest_invalid_id", "Invalid resource ID.", 404)
    return customer(shop, person)


def customer(shop: Shop, person: Mapping[str, Any]) -> Record:
    made = person.get("created") or gmt(shop.clock())
    return {
        "id": person["id"],
        **dates(shop, created=made, modified=made),
        "email": person["email"],
        "first_name": person["first_name"],
        "last_name": person["last_name"],
        "role": "customer",
        "username": person["email"].partition("@")[0],
        "billing": person["billing"],
        "shipping": person["shipping"],
        "is_paying_customer": True,
        "avatar_url": "https://secure.gravatar.com/avatar/0",
        "meta_data": [],
        "_links": shop.links(f"customers/{person['id']}", "customers"),
    }


def _gateway(shop: Shop, ref: str, title: str) -> Record:
    shown = {"id": ref, "title": title, "description": "", "order": 0, "enabled": True, "method_title": title}
    more = {"method_description": "", "method_supports": ["products"], "settings": {}}
    return {**shown, **more, "_links": shop.links(f"payment_gateways/{ref}", "payment_gateways")}


def _method(shop: Shop, ref: str, title: str) -> Record:
    links = shop.links(f"shipping_methods/{ref}", "shipping_methods", allow=("GET",))
    return {"id": ref, "title": title, "description": "", "_links": links}
