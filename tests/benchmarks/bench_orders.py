"""Orders of three lines: a first import, and a second one of unchanged orders. The marketplace is in memory."""

from __future__ import annotations

from tests.benchmarks.common import batches, make_channel, marketplace, products
from tests.benchmarks.harness import Figure, benchmark
from tests.fakes import FakeConnector, line, order

PAGE = 50
LINES = 3


@benchmark(size=1000)
def orders_of_three_lines(bench):
    with bench.env() as env:
        company = env.company
        env["account.tax"].search([("type_tax_use", "=", "sale")]).active = False
        tax = env["account.tax"].create({"name": "19%", "amount": 19, "type_tax_use": "sale"})
        goods = products(env, [f"ORD-{number}" for number in range(100)])
        product_ids, tax_id, country = goods.ids, tax.id, (company.account_fiscal_country_id or company.country_id).code
        channel_id = make_channel(env, "orders", auto_link=True, orders_phase="all").id
        partner_ids = env["res.partner"].create([{"name": f"Buyer {number}"} for number in range(bench.size)]).ids
    connector = FakeConnector()
    connector.page_size = PAGE
    connector.orders = [_order(number, country) for number in range(bench.size)]
    rows = [
        {
            "partner_id": partner_ids[number],
            "order_line": [
                (
                    0,
                    0,
                    {
                        "product_id": product_ids[(number + index) % 100],
                        "product_uom_qty": 2,
                        "price_unit": 10.0,
                        "tax_ids": [(6, 0, [tax_id])],
                    },
                )
                for index in range(LINES)
            ],
        }
        for number in range(bench.size)
    ]
    with bench.env() as env:  # what both need once is not measured
        env["sale.order"].create(rows[:PAGE])
        env.cr.rollback()
    with bench.measure() as bare, bench.env() as env:
        for batch in batches(rows, PAGE):
            env["sale.order"].create(batch)
            env.cr.commit()
    with marketplace(bench, connector), bench.measure() as first, bench.env() as env:
        run = env["order.channel"].browse(channel_id)._sync_orders()
        assert run.created == bench.size, (run.read(), run.failure_ids[:1].read())
        assert not env["sale.order"].search_count(
            [("order_channel_id", "=", channel_id), ("channel_to_resolve", "=", True)]
        )
    yield Figure("orders, first import: time", first.seconds / bare.seconds, "x bare sale.order.create", bar=2.0)
    yield Figure("orders, first import: queries", first.queries / bench.size, "per order", bar=25.0)
    yield Figure("orders, first import: speed", bench.size / first.seconds, "orders/s")
    yield Figure("orders, bare creation: queries", bare.queries / bench.size, "per order")
    yield Figure("orders, first import: memory", first.memory_mb, "MB")
    with marketplace(bench, connector), bench.measure() as second, bench.env() as env:
        channel = env["order.channel"].browse(channel_id)
        channel.orders_watermark = False
        run = channel._sync_orders()
        assert run.unchanged == bench.size, run.read()
    yield Figure("orders, second import: queries", second.queries / bench.size, "per order", bar=0.08)
    yield Figure("orders, second import: speed", bench.size / second.seconds, "orders/s")


def _order(number, country):
    lines = [
        line(
            f"{number}-{index}",
            sku=f"ORD-{(number + index) % 100}",
            quantity=2,
            price="10.00",
            taxes=[("0.19", "3.80", False)],
        )
        for index in range(LINES)
    ]
    incoming = order(str(number), lines)
    address = type(incoming.shipping)(name=f"Buyer {number}", street="1 Main St", city="Town", zip="1", country=country)
    return order(str(number), lines, shipping=address, billing=address)
