"""A second marketplace and an offline store that sell the same products: one sale moves the stock of all the others."""

from __future__ import annotations

from main_job.job import Broken, Job, settled
from tests.marketplaces import catalogue
from tests.marketplaces.woocommerce_shop import CONSUMER_KEY, CONSUMER_SECRET

SHOPIFY = "Simulated Shopify shop"
WOOCOMMERCE = "Simulated WooCommerce store"
OFFLINE = "Market stall"
SWITCHES = ("auto_link", "auto_process", "push_stock", "push_tracking")


def run(job: Job) -> None:
    connect_woocommerce(job)
    go_live_at_woocommerce(job)
    open_a_stall(job)
    sell_at_the_stall(job)
    sell_at_woocommerce(job)
    sync_again(job)


def _channel(env, name: str):
    return env["order.channel"].search([("name", "=", name)])


def connect_woocommerce(job: Job) -> None:
    job.say("Connect a WooCommerce store that sells the same products")
    with job.env() as env:
        channel = env["order.channel"].create({"name": WOOCOMMERCE, "provider": "woocommerce"})
        channel.account_id.write(
            {
                "auth_method": "keys",
                "api_base_url": job.marketplaces["woocommerce"].address,
                "store_url": "https://simulated.example.com",
                "consumer_key": CONSUMER_KEY,
                "consumer_secret": CONSUMER_SECRET,
            }
        )
        channel.action_connect()
        job.equal("WooCommerce: state after Connect", channel.state, "connected")
    job.run_crons(settled, "the first fetch from WooCommerce")
    with job.env() as env:
        channel = _channel(env, WOOCOMMERCE)
        stopped = channel.run_ids.filtered(lambda run: run.state == "failed").mapped("reason_code")
        job.equal("WooCommerce: runs that stopped", stopped, [])
        job.at_least("WooCommerce: listings", len(channel.listing_ids.filtered(lambda one: one.kind == "item")), 200)
        orders = env["order.channel.order"].search([("channel_id", "=", channel.id)])
        job.at_least("WooCommerce: channel orders", len(orders), 40)
        held = orders.filtered(lambda order: order.hold and order.status == "open")
        job.at_least("WooCommerce: orders that wait for a payment or a custom status", len(held), 3)
    told = [entry["label"] for entry in _told(job) if entry["body"] and "/webhooks" not in entry["label"]]
    job.equal("WooCommerce: items, orders and quantities changed before Go live", told, [])


def _told(job: Job) -> list[dict]:
    """What the store was asked to do. A batch without entries is how Connect finds out whether the key may write."""
    return [entry for entry in job.marketplaces["woocommerce"].requests() if not entry["label"].startswith("GET ")]


def go_live_at_woocommerce(job: Job) -> None:
    job.say("Go live there: its stock becomes what Odoo can promise")
    with job.env() as env:
        channel = _channel(env, WOOCOMMERCE)
        wizard = env["order.channel.go.live"].create({"channel_id": channel.id, **dict.fromkeys(SWITCHES, True)})
        job.at_least("WooCommerce: links that Go live announces", wizard.link_count, 150)
        wizard.action_confirm()
    job.run_crons(settled, "going live at WooCommerce")
    with job.env() as env:
        channel = _channel(env, WOOCOMMERCE)
        linked = channel.listing_ids.filtered(lambda one: one.state == "linked")
        job.at_least("WooCommerce: linked", len(linked), 150)
        pushed = channel.listing_ids.filtered("pushed_at")
        job.at_least("WooCommerce: listings with a pushed quantity", len(pushed), 150)
        shop = job.marketplaces["woocommerce"]
        wrong = {
            listing.sku: (listing.pushed_quantity, held)
            for listing in pushed
            if (held := shop.do("available", ref=int(listing.external_id))) != listing.pushed_quantity
        }
        job.equal("WooCommerce: quantities that the store holds otherwise", wrong, {})
        shared = set(_channel(env, SHOPIFY).listing_ids.product_id.ids) & set(linked.product_id.ids)
        job.at_least("products on sale at both marketplaces", len(shared), 100)
        job.figure("products on sale at both marketplaces", len(shared), "Channels > Listings")


def open_a_stall(job: Job) -> None:
    job.say("Open an offline store with a few of the products")
    with job.env() as env:
        stall = env["order.channel"].create({"name": OFFLINE, "provider": "offline"})
        stall.action_go_live()
        skus = [entry["sku"] for entry in catalogue.products(20)]
        products = env["product.product"].search([("default_code", "in", skus)])
        wizard = env["order.channel.add.products"].create({"channel_id": stall.id, "product_ids": products.ids})
        wizard.action_add()
        job.equal("listings of the stall", len(stall.listing_ids), len(products))


def _shared_product(env):
    """A product of the stall that has just one plain listing at each marketplace."""
    channels = _channel(env, SHOPIFY) | _channel(env, WOOCOMMERCE)
    for product in _channel(env, OFFLINE).listing_ids.product_id.sorted("default_code"):
        listings = product.channel_listing_ids.filtered(lambda one: one.channel_id in channels)
        if len(listings) == 2 and listings.channel_id == channels and all(listings.mapped("pushed_at")):
            return product
    raise Broken("no product is on sale once at each marketplace")


def _held(job: Job, env, product) -> dict[str, int]:
    """What each marketplace itself has on sale of the product."""
    held = {}
    for listing in product.channel_listing_ids:
        if listing.channel_id.name == SHOPIFY:
            levels = job.marketplaces["shopify"].state()["levels"][listing.stock_ref]
            held[SHOPIFY] = levels[listing.channel_id.push_location_id.external_id]
        elif listing.channel_id.name == WOOCOMMERCE:
            held[WOOCOMMERCE] = job.marketplaces["woocommerce"].do("available", ref=int(listing.external_id))
    return held


def sell_at_the_stall(job: Job) -> None:
    job.say("Sell two pieces at the stall: both marketplaces offer two less")
    with job.env() as env:
        product = _shared_product(env)
        before = _held(job, env, product)
        order = env["sale.order"].create(
            {
                "partner_id": env["res.partner"].create({"name": "Walk-in customer"}).id,
                "order_channel_id": _channel(env, OFFLINE).id,
                "order_line": [(0, 0, {"product_id": product.id, "product_uom_qty": 2})],
            }
        )
        order.action_confirm()
        job.equal("state of the stall's order", order.state, "sale")
        expected = {name: quantity - 2 for name, quantity in before.items()}
    job.run_crons(settled, "publishing what the stall sold")
    with job.env() as env:
        job.equal("on sale after the stall's sale", _held(job, env, _shared_product(env)), expected)


def sell_at_woocommerce(job: Job) -> None:
    job.say("A buyer takes three at the WooCommerce store: Shopify offers three less, the parcel is reported")
    shop = job.marketplaces["woocommerce"]
    with job.env() as env:
        product = _shared_product(env)
        before = _held(job, env, product)
        listing = product.channel_listing_ids.filtered(lambda one: one.channel_id.name == WOOCOMMERCE)
        goods = {"product_id": int(listing.parent_ref or listing.external_id), "quantity": 3}
        if listing.parent_ref:
            goods["variation_id"] = int(listing.external_id)
        address = {"first_name": "Alex", "last_name": "Sample", "address_1": "12 Example Street", "city": "Springfield"}
        address |= {"postcode": "62701", "state": "IL", "country": "US"}
        bought = shop.do(
            "buy",
            spec={
                "line_items": [goods],
                "billing": address | {"email": "alex@example.com"},
                "shipping": address,
                "payment_method": "bacs",
                "set_paid": True,
            },
        )
    with job.env() as env:
        _channel(env, WOOCOMMERCE).action_sync_now()
    job.run_crons(settled, "the order from WooCommerce")
    with job.env() as env:
        order = env["order.channel.order"].search([("external_id", "=", str(bought["id"]))]).sale_order_id
        job.equal("state of the WooCommerce order", order.mapped("state"), ["sale"])
        job.equal("total of the WooCommerce order", f"{order.amount_total:.2f}", bought["total"])
        expected = {name: quantity - 3 for name, quantity in before.items()}
        job.equal("on sale after the buyer's order", _held(job, env, _shared_product(env)), expected)
        order.picking_ids.carrier_tracking_ref = "TRACK-0002"
        order.picking_ids.button_validate()
    job.run_crons(settled, "reporting the parcel to WooCommerce")
    told = [entry for entry in _told(job) if "TRACK-0002" in str(entry["body"])]
    job.at_least("WooCommerce: calls that name the tracking number", len(told), 1)
    job.figure("sales that moved the stock of the other shops", 2, "Channels > Sync history")


def sync_again(job: Job) -> None:
    job.say("A second sync of the store writes nothing")
    _sync(job)  # takes in what our own parcel changed there
    writes = len(_told(job))
    runs = _sync(job)
    job.equal("WooCommerce: changed by a second sync", runs["created"] + runs["updated"], 0)
    job.at_least("WooCommerce: looked at by a second sync", runs["unchanged"], 1)
    job.equal("WooCommerce: told by a second sync", len(_told(job)) - writes, 0)


def _sync(job: Job) -> dict[str, int]:
    """Sync the store now. Gives back what became of the records that were looked at."""
    with job.env() as env:
        channel = _channel(env, WOOCOMMERCE)
        known = channel.run_ids.ids
        channel.action_sync_now()
    job.run_crons(settled, "a sync of WooCommerce")
    with job.env() as env:
        runs = _channel(env, WOOCOMMERCE).run_ids.filtered(lambda run: run.id not in known)
        return {name: sum(runs.mapped(name)) for name in ("created", "updated", "unchanged")}
