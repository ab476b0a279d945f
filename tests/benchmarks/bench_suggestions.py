"""Suggestions: products for unconfirmed listings, ten times as many products as listings.

Names are made of words that are as unevenly common as in a real catalogue. Most listings are a product under another name, SKU
or barcode, so that it is known whether the right one came first; a tenth is nothing that is there.
"""

from __future__ import annotations

from random import Random

from odoo.tools import SQL

from tests.benchmarks.common import batches, copy_products, make_channel
from tests.benchmarks.harness import Figure, benchmark
from tests.fakes import item

SYLLABLES = "ba de fi go lu ma ne po ri so ta ve wo xi ya zu ka le mi no".split()
COLOURS = "Black White Red Blue Green Sand Grey Yellow Pink Brown".split()


@benchmark(size=10_000)
def suggestions(bench):
    random = Random(19)
    words = ["".join(random.choices(SYLLABLES, k=random.randint(2, 4))).capitalize() for __ in range(4000)]
    common = [1.0 / (place + 3) for place in range(len(words))]
    number = 10 * bench.size
    names = [
        f"{' '.join(random.choices(words, common, k=4))} {random.choice(COLOURS)} {random.randint(1, 40) * 25} g"
        for __ in range(number)
    ]
    with bench.env() as env:
        env.cr.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")  # as Odoo does where it makes a database
        bench.registry.has_trigram = True
        skus = [f"{name[:3].upper()}-{place:06d}" for place, name in enumerate(names)]
        product_ids = copy_products(env, skus)
        _name_products(env, product_ids, names)
        channel = make_channel(env, "suggestions")
        right = {}
        for batch in batches(range(bench.size), 1000):
            items, products = zip(*(_item(random, place, names, skus, product_ids) for place in batch), strict=True)
            listings = env["order.channel.listing"].create(
                [
                    {
                        **channel._listing_values(record, "0" * 32, {}),
                        "channel_id": channel.id,
                        "company_id": channel.company_id.id,
                    }
                    for record in items
                ]
            )
            right |= dict(zip(listings.ids, products, strict=True))
            env.cr.commit()
    with bench.measure() as words_read, bench.env() as env:
        env["order.channel.suggestion"]._read_products()
    with bench.measure() as suggested:
        _suggest_all(bench)
    total = words_read.seconds + suggested.seconds
    with bench.env() as env:
        found = {
            listing.id: listing.suggestion_product_id.id
            for listing in env["order.channel.listing"].browse(right)
            if right[listing.id]
        }
    first = sum(found[id_] == right[id_] for id_ in found) / len(found)
    yield Figure("suggestions, reading the products included: time", total, "s", bar=60.0 * bench.size / 10_000)
    yield Figure("suggestions, reading the products: time", words_read.seconds, "s")
    yield Figure("suggestions: queries", suggested.queries / bench.size, "per listing", bar=0.05)
    yield Figure("suggestions: memory", suggested.memory_mb, "MB")
    yield Figure("suggestions: the right product first", 100 * first, "%", bar=90.0, smaller_is_better=False)
    with bench.measure() as idle, bench.env() as env:
        env["order.channel.suggestion"]._cron_suggest()
    yield Figure("suggestions, a pass without news: time", idle.seconds, "s", bar=2.0)
    bench.registry.has_trigram = False
    with bench.env() as env:
        again = random.sample(list(right), bench.size // 10)
        env["order.channel.listing"].browse(again).write({"suggested_at": False})
    with bench.measure() as without:
        _suggest_all(bench)
    yield Figure("suggestions without pg_trgm: time for all", 10 * without.seconds, "s")


def _suggest_all(bench):
    """As many passes as it takes."""
    with bench.env() as env:
        Suggestion = env["order.channel.suggestion"]
        while env["order.channel.listing"].search_count(Suggestion._waiting_domain(), limit=1):
            Suggestion._cron_suggest()


def _name_products(env, product_ids, names):
    """Give the products their names and prices, each third one a barcode."""
    env.cr.execute(
        SQL(
            "UPDATE product_template template"
            "   SET name = jsonb_build_object('en_US', given.name), list_price = 5 + template.id %% 90"
            " FROM unnest(%s::int[], %s::text[]) AS given(product_id, name)"
            " JOIN product_product product ON product.id = given.product_id"
            " WHERE template.id = product.product_tmpl_id",
            product_ids,
            names,
        )
    )
    env.cr.execute(
        "UPDATE product_product SET barcode = 'B' || id, order_channel_barcode_key = 'b' || id WHERE id % 3 = 0"
        " AND default_code IS NOT NULL"
    )
    env.invalidate_all()
    env.cr.execute("ANALYZE product_product, product_template")


def _item(random, place, names, skus, product_ids):
    """An item, and the id of the product that it is; None where there is none."""
    index = 10 * place
    name, kind = names[index], place % 10
    if kind == 0:
        return item(str(place), name=f"Unheard of {place}"), None
    if kind <= 3:
        return item(str(place), skus[index].lower().replace("-", " "), name=name.upper()), product_ids[index]
    if kind == 4 and product_ids[index] % 3 == 0:
        return item(str(place), name="Sale!", barcode=f"b{product_ids[index]}"), product_ids[index]
    *parts, amount, unit = name.split()
    random.shuffle(parts)
    return item(str(place), name=f"{' '.join(parts)} - {amount}{unit}, new"), product_ids[index]
