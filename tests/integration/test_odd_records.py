"""One odd record beside good ones: the good ones come in, and the odd one ends as what it is (rule 2)."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import psycopg2.errors

from odoo.tools import mute_logger

from odoo.addons.order_channel_mapping.connectors.base import Unavailable
from odoo.addons.order_channel_mapping.connectors.records import Address, Buyer, RecordFailure

from tests.fakes import START, connected, item, line

from .orders_common import OrderCase

NUL, LONE = "a\0b", "a\ud83db"
FAR_EAST = timezone(timedelta(hours=14))


def deep(levels=2_000):
    nested = []
    for __ in range(levels):
        nested = [nested]
    return nested


class TestOddItems(OrderCase):
    """Five ways to be odd, each between two good items."""

    def fetch(self, *odd, **expected):
        self.connector.items = [item("good-1", "G-1"), *odd, item("good-2", "G-2")]
        with connected(self.env, self.connector):
            run = self.channel._sync_items()
        self.assertTrue(self.listing("good-1") and self.listing("good-2"))
        self.assertIn(run.state, ("done", "partial"))
        self.assertEqual(self.channel.health, "ok")
        self.assertEqual(
            run.fetched, sum(run[name] for name in ("created", "updated", "unchanged", "skipped", "failed"))
        )
        return run

    def listing(self, external_id):
        return self.env["order.channel.listing"].search(
            [("channel_id", "=", self.channel.id), ("external_id", "=", external_id)]
        )

    def failure(self):
        failure = self.env["order.channel.failure"].search([("channel_id", "=", self.channel.id)])
        self.assertEqual(len(failure), 1)
        self.assertTrue(failure.text)
        self.assertNotIn("?", failure.text)
        return failure

    def test_characters_that_no_column_takes_are_removed_and_named(self):
        self.fetch(item("odd", NUL, name=LONE, raw={"name": NUL, "deep": [LONE]}, attributes={NUL: LONE}))
        listing = self.listing("odd")
        self.assertEqual((listing.sku, listing.name, listing.attributes), ("ab", "ab", {"ab": "ab"}))
        self.assertEqual(listing.payload, {"name": "ab", "deep": ["ab"]})
        for word in ("SKU", "name", "payload"):
            self.assertIn(word, listing.adjusted_text)

    def test_what_is_corrected_at_the_channel_is_no_longer_named(self):
        self.fetch(item("odd", NUL))
        self.assertTrue(self.listing("odd").adjusted_text)
        self.channel._fetch_all_items()
        self.fetch(item("odd", "ab"))
        self.assertFalse(self.listing("odd").adjusted_text)

    def test_an_unchanged_odd_item_is_unchanged(self):
        self.fetch(item("odd", NUL, name=LONE))
        self.channel._fetch_all_items()
        self.assertEqual(self.fetch(item("odd", NUL, name=LONE)).unchanged, 3)

    def test_numbers_beyond_a_column(self):
        self.fetch(item("odd", price=Decimal("1e400"), quantity=Decimal(10**12)))
        self.assertEqual(self.listing("odd").remote_quantity, 2**31 - 1)
        self.assertEqual(self.listing("odd").price, 0)
        self.assertIn("price", self.listing("odd").adjusted_text)

    def test_a_number_that_would_take_all_memory(self):
        self.fetch(item("odd", price=Decimal("1e999999999"), quantity=Decimal("1e999999999")))
        self.assertTrue(self.listing("odd"))

    def test_no_numbers(self):
        for number in ("NaN", "sNaN", "Infinity", "-Infinity"):
            with self.subTest(number):
                self.channel._fetch_all_items()
                self.fetch(item(f"odd-{number}", price=Decimal(number), quantity=Decimal(number)))
                self.assertEqual(self.listing(f"odd-{number}").price, 0)

    def test_numbers_that_json_does_not_have(self):
        raw = {"nan": float("nan"), "inf": [float("inf")], "big": 10**5000}
        self.fetch(item("odd", raw=raw, attributes={"Size": float("nan")}))
        self.assertEqual(self.listing("odd").payload["nan"], "nan")

    def test_deep_nesting(self):
        self.fetch(item("odd", raw={"deep": deep(), "name": "kept"}))
        self.assertEqual(self.listing("odd").payload["name"], "kept")

    def test_a_digest_that_can_not_be_worked_out(self):
        run = self.fetch(item("odd", attributes={"Size": deep()}))
        self.assertEqual((run.created, run.failed), (2, 1))
        self.assertEqual(self.failure().external_ref, "odd")

    def test_ids_that_are_none(self):
        for ref in (None, "", "a\0b", "\ud800", 7, "x" * 5_000, ["a"]):
            with self.subTest(ref=repr(ref)[:20]):
                self.env["order.channel.failure"].search([]).unlink()
                self.channel._fetch_all_items()
                run = self.fetch(item(ref))
                self.assertEqual(run.failed, 1)
                self.assertFalse(self.failure().next_try_at)

    def test_two_without_an_id_are_two_failures(self):
        self.channel._fetch_all_items()
        self.fetch(item(None, "A", raw={"sku": "A"}), item(None, "B", raw={"sku": "B"}))
        self.assertEqual(self.env["order.channel.failure"].search_count([("channel_id", "=", self.channel.id)]), 2)

    def test_texts_that_no_index_takes(self):
        text = "".join(map(chr, range(0x4E00, 0x4E00 + 4_000)))
        self.fetch(item("odd", text, name=text, barcode=text, parent_id="p"))
        self.assertIn("SKU", self.listing("odd").adjusted_text)
        self.assertTrue(text.startswith(self.listing("odd").sku.partition("…")[0]))

    def test_a_text_that_grows_when_it_is_normalised(self):
        self.fetch(item("odd", "\ufdfa" * 300))
        self.assertTrue(self.listing("odd"))

    def test_times_beyond_the_clock(self):
        for at in (datetime(1, 1, 1, tzinfo=FAR_EAST), datetime(9999, 12, 31, 23, tzinfo=timezone.utc)):
            with self.subTest(at=at.year):
                self.env["order.channel.failure"].search([]).unlink()
                self.channel._fetch_all_items()
                self.connector.clock = START  # the page's watermark is a matter of its own
                run = self.fetch(item("odd", updated_at=at))
                self.assertEqual(run.failed, 1)
                self.assertIn(str(at.year), self.failure().text)

    def test_addresses_that_are_none(self):
        odd = ("https://[bad", "javascript:alert(1)", "data:text/html,x", "https://", "http://h:99999/", "//h/p", "x y")
        self.connector.items = [item(f"u{n}", url=url, image_url=url) for n, url in enumerate(odd)]
        self.fetch(*self.connector.items)
        for number, url in enumerate(odd):
            listing = self.listing(f"u{number}")
            self.assertFalse(listing.url or listing.image_url, url)
            self.assertFalse(listing._has_picture())

    def test_the_failure_of_an_odd_record_is_odd_itself(self):
        raw = {"nul": NUL, "lone": LONE, "nan": float("nan"), "deep": deep(), "long": "x" * 2_000_000, NUL: 10**5000}
        self.connector.unread = [
            RecordFailure(NUL, NUL, LONE * 20_000, raw),
            RecordFailure(None, None, None, None),
            RecordFailure("y" * 9_000, message="?", raw={"name": "kept"}),
        ]
        run = self.fetch()
        self.assertEqual((run.created, run.failed), (2, 3))
        failures = self.env["order.channel.failure"].search([("channel_id", "=", self.channel.id)])
        self.assertEqual(len(failures), 3)
        self.assertLess(max(len(str(payload)) for payload in failures.mapped("payload")), 300_000)
        self.assertFalse(any(failures.mapped("next_try_at")))
        failures.mapped("text")

    def test_an_always_conflicting_record_is_blamed(self):
        """However often its savepoint was rolled back before."""
        write = type(self.channel)._write_listings

        def conflicting(channel, batch, known):
            if any(record.item.external_id == "odd" for record in batch):
                raise psycopg2.errors.UniqueViolation("a key")
            return write(channel, batch, known)

        self.patch(type(self.channel), "_write_listings", conflicting)
        run = self.fetch(item("odd"))
        self.assertEqual((run.created, run.failed), (2, 1))

    def test_the_databases_own_limits_are_the_records_fault(self):
        write = type(self.channel)._write_listings

        def limited(channel, batch, known):
            if any(record.item.external_id == "odd" for record in batch):
                self.env.cr.execute("SELECT repeat('[', 1000000)::jsonb")
            return write(channel, batch, known)

        self.patch(type(self.channel), "_write_listings", limited)
        with mute_logger("odoo.sql_db"):
            run = self.fetch(item("odd"))
        self.assertEqual((run.created, run.failed), (2, 1))


class TestOddOrders(OrderCase):
    def bring_beside(self, *odd, failed=1):
        """Fetch these between two good orders."""
        good = [self.order(ref, [line("1", "i", sku="MUG-1")]) for ref in ("good-1", "good-2")]
        self.channel.orders_watermark = False
        run = self.take(good[0], *odd, good[1], failed=failed)
        self.assertTrue(self.sale("good-1") and self.sale("good-2"))
        self.assertEqual(self.channel.health, "ok")
        return run

    def failure(self):
        failure = self.env["order.channel.failure"].search(
            [("channel_id", "=", self.channel.id), ("state", "=", "open")]
        )
        self.assertEqual(len(failure), 1)
        return failure

    def test_odd_characters_are_removed_and_named(self):
        address = Address(name=NUL, street=LONE, city="Springfield", zip="12345", country=self.country_code)
        self.bring_beside(
            self.order(
                "odd",
                [line("1", "i", sku="MUG-1", name=NUL, attributes={"Text": LONE})],
                number=NUL,
                note=f"{NUL}\nand on",
                shipping=address,
                billing=address,
                buyer=Buyer(ref="b", name=LONE, email="a\0@example.com"),
                raw={"note": NUL},
            ),
            failed=0,
        )
        order_ = self.channel_order("odd")
        self.assertEqual((order_.number, order_.payload), ("ab", {"note": "ab"}))
        self.assertIn("ab", order_.sale_order_id.order_line[0].name)
        for word in ("note", "name"):
            self.assertIn(word, order_.adjusted_text)
        event = order_.event_ids.filtered(lambda event: event.code == "adjusted")
        self.assertEqual(len(event), 1)
        self.assertIn("note", event.text)

    def test_numbers_that_no_order_has(self):
        for number in ("1e400", "1e999999999", "NaN", "sNaN", "-Infinity", "1e15"):
            for name in ("quantity", "subtotal", "total", "discount", "cancelled_quantity"):
                with self.subTest(number=number, name=name):
                    self.env["order.channel.failure"].search([]).unlink()
                    good = line("1", "i", sku="MUG-1")
                    odd = replace(self.order("odd", [good]), lines=(replace(good, **{name: Decimal(number)}),))
                    self.bring_beside(odd)
                    self.assertIn(number.lstrip("-s")[:2].upper(), self.failure().text.upper())

    def test_a_quantity_so_small_that_its_price_is_beyond_all(self):
        self.bring_beside(self.order("odd", [line("1", "new", quantity="1e-300", subtotal=10)]))

    def test_two_lines_with_one_id(self):
        self.bring_beside(self.order("odd", [line("7", "i"), line("7", "i")]))
        self.assertIn("7", self.failure().text)

    def test_two_lines_with_one_id_in_a_revision(self):
        self.bring_beside(self.order("odd", [line("7", "i")]), failed=0)
        self.bring_beside(self.order("odd", [line("7", "i"), line("7", "j")]))

    def test_ids_of_lines_that_are_none(self):
        for ref in (None, "", NUL, LONE, "x" * 5_000, 7):
            with self.subTest(ref=repr(ref)[:10]):
                self.env["order.channel.failure"].search([]).unlink()
                self.bring_beside(self.order("odd", [line(ref, "i")]))

    def test_a_title_longer_than_an_index_takes(self):
        text = "".join(map(chr, range(0x4E00, 0x4E00 + 4_000)))
        self.bring_beside(
            self.order("odd", [line("1", name=text)], number=text, buyer=Buyer(name=text, email=f"{text}@x.org")),
            failed=0,
        )
        self.assertTrue(self.sale("odd").channel_frozen)

    def test_long_titles_stay_apart(self):
        """What was cut away of them tells two custom items apart."""
        text = "".join(map(chr, range(0x4E00, 0x4E00 + 4_000)))
        self.bring_beside(self.order("odd", [line("1", name=f"{text}1"), line("2", name=f"{text}2")]), failed=0)
        self.assertEqual(len(self.channel_order("odd").line_ids.listing_id), 2)

    def test_times_beyond_the_clock(self):
        early, late = datetime(1, 1, 1, tzinfo=FAR_EAST), datetime(9999, 12, 31, 23, 59, tzinfo=timezone.utc)
        for name, at in (("placed_at", early), ("updated_at", late), ("ship_by", early)):
            with self.subTest(name):
                self.env["order.channel.failure"].search([]).unlink()
                self.connector.clock = START
                self.bring_beside(self.order("odd", [line("1", "i")], **{name: at}))

    def test_a_skip_rule_that_raises(self):
        skip_rule = type(self.channel)._skip_rule

        def raising(channel, order_):
            if order_.external_id == "odd":
                raise OverflowError("date value out of range")
            return skip_rule(channel, order_)

        self.patch(type(self.channel), "_skip_rule", raising)
        self.bring_beside(self.order("odd", [line("1", "i")]))

    def test_a_quantity_does_not_stop_the_stock_of_others(self):
        """Sums of quantities fit where they are kept."""
        lines = [line(str(n), "i", sku="MUG-1", quantity=900_000_000, price="0.01") for n in range(4)]
        self.bring_beside(self.order("big", lines), failed=0)
        listing = self.env["order.channel.listing"].search([("external_id", "=", "i")])
        listing.pushed_at = "2026-01-01 00:00:00"
        self.assertTrue(self.channel._sold_since_push(listing))

    # === TRIED AGAIN === #

    def make_due(self):
        failure = self.failure()
        failure.next_try_at = "2026-01-01 00:00:00"
        return failure

    def fail_one(self):
        self.bring_beside(self.order("odd", [line("7", "i"), line("7", "i")]))
        return self.make_due()

    def test_a_record_that_can_not_be_asked_for_again(self):
        """Whatever the answer to this one is: the fetch ends, and it is tried later."""
        get = type(self.connector).get_order
        for error in (RecursionError("deep"), TypeError("odd"), Unavailable("500", "http_500", sent=True)):
            with self.subTest(type(error).__name__):
                failure = self.fail_one()
                attempts = failure.attempts

                def raising(connector, ref, error=error):
                    raise error

                self.patch(type(self.connector), "get_order", raising)
                run = self.take()
                self.assertEqual(run.state, "done")
                self.assertEqual(self.channel.health, "ok")
                self.assertGreater(failure.attempts, attempts)
                self.assertGreater(str(failure.next_try_at), "2026-06-01")
                self.patch(type(self.connector), "get_order", get)
