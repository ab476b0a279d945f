"""The main job, step by step. Each step does what a person would do, lets the scheduled actions work, and checks."""

from __future__ import annotations

from main_job import business, several_shops
from main_job.job import Job, runs_over, settled
from tests.marketplaces.shopify_shop import TOKEN

CHANNEL = "Simulated Shopify shop"
SWITCHES = ("auto_link", "auto_process", "push_stock", "push_tracking")


def run(job: Job) -> None:
    """The whole main job on an empty database."""
    business.create(job)
    connect(job)
    first_fetch(job)
    go_live(job)
    answer_a_tax_question(job)
    map_what_is_left(job)
    check_stock(job)
    ship(job)
    cure_a_failure(job)
    sync_again(job)
    several_shops.run(job)
    tell_where_it_stands(job)


def resume(job: Job) -> None:
    """A database in which the main job has been done: the marketplaces may have moved to other ports."""
    with job.env() as env:
        for provider, marketplace in job.marketplaces.items():
            env["order.channel.account"].search([("provider", "=", provider)]).api_base_url = marketplace.address
    tell_where_it_stands(job)


def connect(job: Job) -> None:
    job.say("Connect a Shopify shop")
    with job.env() as env:
        env["ir.config_parameter"].set_param("order_channel_mapping.allow_insecure_urls", "True")
        channel = env["order.channel"].create({"name": CHANNEL, "provider": "shopify"})
        channel.account_id.write(
            {
                "api_base_url": job.marketplaces["shopify"].address,
                "shop_domain": "simulated.myshopify.com",
                "access_token": TOKEN,
            }
        )
        channel.action_connect()
        # The shop has two places that hold stock: a person says which one takes ours.
        channel.push_location_id = channel.remote_location_ids.filtered(lambda place: place.name == "Main warehouse")
        job.equal("state after Connect", channel.state, "connected")


def _channel(env):
    return env["order.channel"].search([("name", "=", CHANNEL)])


def first_fetch(job: Job) -> None:
    job.say("Fetch its items and orders")
    job.run_crons(runs_over, "the first fetch")
    with job.env() as env:
        runs = env["order.channel.run"].search([("channel_id", "=", _channel(env).id)])
        items, orders = (runs.filtered(lambda run, kind=kind: run.kind == kind) for kind in ("items", "orders"))
        listings = env["order.channel.listing"].search_count([("kind", "=", "item")])
        job.at_least("listings", listings, 200)
        job.at_least("pages of items", sum(items.mapped("pages")), 2)
        job.at_least("channel orders", env["order.channel.order"].search_count([]), 40)
        job.at_least("draft sales orders", env["sale.order"].search_count([("order_channel_id", "!=", False)]), 1)
        job.equal("linked before Go live", env["order.channel.listing"].search_count([("state", "=", "linked")]), 0)
        job.equal(
            "runs that stopped", (items | orders).filtered(lambda run: run.state == "failed").mapped("reason_code"), []
        )
    job.equal("writes at the marketplace before Go live", _writes(job), [])


def _writes(job: Job) -> list[str]:
    """The mutations that the marketplace was sent so far, by name."""
    requests = job.marketplaces["shopify"].requests()
    return [entry["label"] for entry in requests if "mutation" in (entry["body"] or {}).get("query", "").split("{")[0]]


def go_live(job: Job) -> None:
    job.say("Go live: link by SKU, process orders, push stock, report tracking")
    with job.env() as env:
        wizard = env["order.channel.go.live"].create({"channel_id": _channel(env).id, **dict.fromkeys(SWITCHES, True)})
        job.at_least("links that Go live announces", wizard.link_count, 150)
        job.at_least("ambiguous items that Go live announces", wizard.unsure_count, 4)
        announced = wizard.link_count
        wizard.action_confirm()
    job.run_crons(settled, "going live")
    with job.env() as env:
        listings = env["order.channel.listing"]
        linked = listings.search_count([("state", "=", "linked")])
        job.equal("auto-linked as announced", linked, announced)
        ambiguous = listings.search_count([("state", "=", "unconfirmed"), ("link_hint", "=", "ambiguous")])
        job.at_least("ambiguous items left to a person", ambiguous, 4)
        job.figure("listings fetched", listings.search_count([]), "Channels > Listings")
        job.figure("linked by SKU or barcode", linked, "Channels > Listings")
        job.figure("ambiguous, left to a person", ambiguous, "Channels > Listings")


def answer_a_tax_question(job: Job) -> None:
    job.say("Say which tax the shop's tax for Germany is: orders that waited for it go on")
    with job.env() as env:
        questions = env["order.channel.blocker"].search([("code", "=", "tax")])
        german = questions.filtered(lambda blocker: blocker.params["country"] == "DE" and blocker.params["included"])
        job.at_least("orders to Germany that wait for their tax", len(german.order_id), 1)
        answer = {
            "channel_id": _channel(env).id,
            "name": german[:1].params["name"],
            "country_code": "DE",
            "rate": float(german[:1].params["rate"]) * 100,
            "included": True,
            "tax_id": env.company.account_sale_tax_id.id,
        }
        env["order.channel.tax.map"].create(answer)
        job.equal("tax questions for Germany that are left", len(german.exists()), 0)


def _orders_of_kind(job: Job, env, kind: str):
    """The sales orders of the channel orders that the simulated shop was given as an example of ``kind``."""
    refs = job.marketplaces["shopify"].state()["notes"]["orders"][kind]
    return env["order.channel.order"].search([("external_id", "in", refs)]).sale_order_id


def map_what_is_left(job: Job) -> None:
    job.say("Map a custom line, a pack and an unknown item: their orders unfreeze and are processed")
    with job.env() as env:
        kinds = ("custom_line", "pack", "unknown_item")
        orders = {kind: _orders_of_kind(job, env, kind) for kind in kinds}
        job.figure(
            "orders that were frozen",
            env["sale.order"].search_count([("channel_frozen", "=", True)]),
            "Channels > Orders",
        )
        for kind, order in orders.items():
            job.equal(f"frozen before mapping: {kind}", order.mapped("channel_frozen"), [True])
        notes = job.marketplaces["shopify"].state()["notes"]
        pack = env["order.channel.listing"].search([("external_id", "=", notes["pack"]["variant"])])
        wizard = env["order.channel.link"].with_context(default_listing_ids=pack.ids).create({})
        product = env["product.product"].search([("default_code", "=", notes["pack"]["of"])])
        wizard.write({"product_id": product.id, "quantity": notes["pack"]["quantity"]})
        wizard.action_link()
        orders["custom_line"].action_channel_confirm_items()
        answer = orders["unknown_item"].action_channel_confirm_items()
        job.equal("asked about what the shop has of an unknown item", answer.get("target"), "new")
        form = env[answer["res_model"]].browse(answer["res_id"])
        form.opening_stock = True
        form.action_confirm()
        for kind, order in orders.items():
            job.equal(f"frozen after mapping: {kind}", order.mapped("channel_frozen"), [False])
        totals = {kind: order.amount_total for kind, order in orders.items()}
        ids = {kind: order.ids for kind, order in orders.items()}
    with job.env() as env:
        _channel(env).action_sync_now()
    job.run_crons(settled, "processing what was mapped")
    with job.env() as env:
        for kind in kinds:
            order = env["sale.order"].browse(ids[kind])
            job.equal(f"processed after mapping: {kind}", order.mapped("state"), ["sale"])
            job.equal(f"total after mapping: {kind}", order.amount_total, totals[kind])
        job.at_least("processed orders", env["sale.order"].search_count(_PROCESSED), 10)


_PROCESSED = [("order_channel_id", "!=", False), ("state", "=", "sale")]


def check_stock(job: Job) -> None:
    job.say("Compare the quantities that were pushed with those that the shop holds")
    levels = job.marketplaces["shopify"].state()["levels"]
    with job.env() as env:
        channel = _channel(env)
        place = channel.push_location_id.external_id
        listings = env["order.channel.listing"].search([("pushed_at", "!=", False)])
        job.at_least("listings with a pushed quantity", len(listings), 150)
        wrong = {
            listing.sku: (listing.pushed_quantity, levels[listing.stock_ref].get(place))
            for listing in listings
            if levels[listing.stock_ref].get(place) != listing.pushed_quantity
        }
        job.equal("quantities that the shop holds otherwise", wrong, {})
        job.figure("quantities pushed", len(listings), "Channels > Sync history")


def ship(job: Job) -> None:
    job.say("Deliver an order: its tracking number goes to the shop")
    number = "TRACK-0001"
    with job.env() as env:
        order = _orders_of_kind(job, env, "pack")
        picking = order.picking_ids
        picking.carrier_tracking_ref = number
        picking.button_validate()
        job.equal("state of the delivery", picking.mapped("state"), ["done"])
        ref = order.channel_order_id.external_id
    job.run_crons(settled, "reporting the tracking number")
    parcels = job.marketplaces["shopify"].state()["orders"][ref]["fulfillments"]
    numbers = [info["number"] for parcel in parcels for info in parcel["trackingInfo"]]
    job.equal("tracking numbers that the shop has", numbers, [number])
    job.figure("tracking numbers reported", len(numbers), "Channels > Orders")


def cure_a_failure(job: Job) -> None:
    job.say("An order that could not be read comes in with a retry")
    shop = job.marketplaces["shopify"]
    (ref,) = shop.state()["notes"]["orders"]["broken"]
    with job.env() as env:
        failure = env["order.channel.failure"].search([("external_ref", "=", ref)])
        job.equal("failures of the unreadable order", failure.mapped("state"), ["open"])
    shop.do("repair_order", ref=ref)
    with job.env() as env:
        env["order.channel.failure"].search([("external_ref", "=", ref)]).action_retry()
    job.run_crons(settled, "the retry")
    with job.env() as env:
        job.equal(
            "failures after the retry",
            env["order.channel.failure"].search([("external_ref", "=", ref)]).mapped("state"),
            ["solved"],
        )
        job.equal("the order after the retry", env["order.channel.order"].search_count([("external_id", "=", ref)]), 1)
        job.figure("failures cured by a retry", 1, "Channels > Sync history")


def sync_again(job: Job) -> None:
    job.say("A second sync of unchanged data writes nothing")
    models = (
        "order.channel.listing",
        "order.channel.mapping",
        "order.channel.order",
        "order.channel.order.line",
        "sale.order",
    )
    models += ("sale.order.line", "product.product", "product.template")
    with job.env() as env:
        before = {model: _written(env, model) for model in models}
    writes = len(_writes(job))
    with job.env() as env:
        channel = _channel(env)
        channel.action_sync_now()
    job.run_crons(settled, "the second sync")
    with job.env() as env:
        touched = [model for model in models if _written(env, model) != before[model]]
        job.equal("models written to by the second sync", touched, [])
    job.equal("calls of the second sync that change the shop", len(_writes(job)) - writes, 0)


def _written(env, model: str):
    """When records of a model were last written, and how many there are."""
    table = env[model]._table
    env.cr.execute(f'SELECT max(write_date), count(*) FROM "{table}"')
    return env.cr.fetchone()


def tell_where_it_stands(job: Job) -> None:
    with job.env() as env:
        orders = env["sale.order"]
        ours = [("order_channel_id", "!=", False)]
        for name, domain in (
            ("sales orders of the channel", ours),
            ("frozen", [*ours, ("channel_frozen", "=", True)]),
            ("ready to process", [*ours, ("state", "in", ("draft", "sent")), ("channel_to_resolve", "=", False)]),
            ("processed", _PROCESSED),
        ):
            job.figure(name, orders.search_count(domain), "Channels > Orders")
        job.figure(
            "listings unconfirmed",
            env["order.channel.listing"].search_count([("state", "=", "unconfirmed")]),
            "Channels > Listings",
        )
