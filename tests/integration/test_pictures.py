"""A product that is made of a listing gets the listing's picture, a little later and once."""

from __future__ import annotations

import base64
import io
import time
from unittest.mock import patch

from PIL import Image

from odoo import fields
from odoo.tools import mute_logger

from odoo.addons.order_channel_mapping.connectors import base
from odoo.addons.order_channel_mapping.connectors.pictures import PictureFetcher
from odoo.addons.order_channel_mapping.models.order_channel_listing_picture import TRIES

from .test_confirm import ConfirmCase


def drawn(colour, kind="PNG"):
    out = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(out, kind)
    return out.getvalue()


RED, BLUE = drawn("red"), drawn("blue")


class TestPictures(ConfirmCase):
    def setUp(self):
        super().setUp()
        self.asked = []
        self.there = {}
        self.startPatcher(patch.object(PictureFetcher, "fetch", lambda fetcher, url: self.fetch(url)))
        self.in_one_transaction()

    def fetch(self, url):
        self.asked.append(url)
        found = self.there.get(url, RED)
        if isinstance(found, Exception):
            raise found
        return found

    def pictured(self, name="a", **values):
        return self.listing(image_url=f"https://cdn.example.com/{name}.png", **values)

    def copy(self, **options):
        self.channel._fetch_pictures(**options)

    def colour(self, product):
        with Image.open(io.BytesIO(base64.b64decode(product.image_1920))) as image:
            return {(255, 0, 0): "red", (0, 0, 255): "blue"}[image.convert("RGB").getpixel((0, 0))]

    def failures(self):
        return self.env["order.channel.failure"].search(
            [("kind", "=", "picture"), ("channel_id", "=", self.channel.id)]
        )

    def test_the_product_gets_the_picture_with_the_next_pass_and_once(self):
        listing = self.pictured()
        listing.with_user(self.clerk).action_confirm()
        self.assertFalse(listing.product_id.image_1920, "nobody waits for it")
        self.copy()
        self.assertEqual((self.colour(listing.product_id), listing.picture_tries), ("red", 0))
        listing.product_id.image_1920 = False
        self.copy()
        self.assertFalse(listing.product_id.image_1920, "taken away by a person")
        self.assertEqual(len(self.asked), 1)

    def test_the_items_pass_copies_them(self):
        self.channel._ensure_crons()
        self.channel.write({"items_checked_at": fields.Datetime.now(), "items_interval": 60})
        listing = self.pictured()
        triggers = [("cron_id", "=", self.channel.items_cron_id.id)]
        before = self.env["ir.cron.trigger"].search_count(triggers)
        listing._confirm()
        self.assertEqual(self.env["ir.cron.trigger"].search_count(triggers), before + 1)
        self.channel._cron_pass("items")
        self.assertEqual(self.colour(listing.product_id), "red")

    def test_variants_have_their_own_and_share_what_is_common(self):
        shirts = self.variants([("Red", "M"), ("Red", "L"), ("Blue", "M"), ("Blue", "L")])
        for shirt, name in zip(shirts, "rrbb", strict=True):
            shirt.image_url = f"https://cdn.example.com/{name}.png"
        self.there["https://cdn.example.com/b.png"] = BLUE
        shirts._confirm()
        self.copy()
        self.assertEqual([self.colour(shirt.product_id) for shirt in shirts], ["red", "red", "blue", "blue"])
        template = shirts.product_id.product_tmpl_id
        self.assertEqual((len(template), self.colour(template)), (1, "red"))
        self.assertEqual(self.asked.count("https://cdn.example.com/r.png"), 1, "shown through the template")
        self.assertEqual(set(shirts.mapped("picture_tries")), {0})

    def test_a_persons_choice_stays(self):
        chosen, linked, unlinked = self.pictured("a"), self.pictured("b"), self.pictured("c")
        (chosen + linked + unlinked)._confirm()
        chosen.product_id.image_1920 = base64.b64encode(BLUE)
        linked._link(self.env["product.product"].create({"name": "Other"}))
        unlinked._unlink_product()
        self.copy()
        self.assertEqual((self.asked, self.colour(chosen.product_id)), ([], "blue"))
        self.assertFalse(linked.product_id.image_1920)

    def test_only_where_there_is_one_and_it_is_wanted(self):
        bare, own = self.listing(), self.listing(image_url="/web/image/product.product/1/image_256")
        (bare + own)._confirm()
        self.channel.copy_pictures = False
        off = self.pictured()
        off._confirm()
        self.assertEqual((bare + own + off).mapped("picture_tries"), [0, 0, 0])

    def test_the_form_asks_and_takes_another(self):
        first, second, third = self.pictured("a"), self.pictured("b"), self.listing()
        action = (first + second + third).with_user(self.clerk).action_open_confirm()
        lines = self.env["order.channel.confirm"].with_user(self.clerk).browse(action["res_id"]).line_ids
        self.assertEqual(lines.mapped("has_picture"), [True, True, False])
        self.assertEqual(lines.mapped("copy_picture"), [True, True, False])
        lines[0].copy_picture = False
        lines[1].picture = base64.b64encode(BLUE)
        lines.wizard_id.action_confirm()
        self.copy()
        self.assertEqual((self.asked, self.colour(second.product_id)), ([], "blue"))
        self.assertFalse(first.product_id.image_1920)

    def test_what_is_no_picture_is_told_and_can_be_tried_again(self):
        broken, missing, fine = self.pictured("broken"), self.pictured("missing"), self.pictured("fine")
        self.there["https://cdn.example.com/broken.png"] = RED[:30]
        self.there["https://cdn.example.com/missing.png"] = base.Rejected("not_found", "It is gone (404).")
        (broken + missing + fine)._confirm()
        self.copy()
        self.assertEqual(self.colour(fine.product_id), "red", "the others go on")
        failures = self.failures()
        self.assertEqual(set(failures.mapped("external_ref")), {broken.external_id, missing.external_id})
        self.assertEqual(set(failures.mapped("reason_code")), {"picture"})
        of_missing = failures.filtered(lambda failure: failure.external_ref == missing.external_id)
        self.assertIn("It is gone (404).", of_missing.reason_params["message"])
        self.assertEqual(of_missing.payload, {"url": missing.image_url})
        self.copy()
        self.assertEqual(len(self.asked), 3, "not by itself")
        self.there.clear()
        failures.with_user(self.clerk).action_retry()
        self.assertFalse(
            self.env["order.channel.run"].search([("channel_id", "=", self.channel.id), ("state", "=", "queued")]),
            "no fetch of all items for a picture",
        )
        self.copy()
        self.assertEqual(set(failures.mapped("state")), {"solved"})
        self.assertEqual(self.colour(missing.product_id), "red")

    def test_a_server_that_is_away_gets_some_tries_and_holds_up_nobody(self):
        away, fine = self.pictured("away"), self.pictured("fine")
        self.there["https://cdn.example.com/away.png"] = base.Unavailable("No answer.")
        (away + fine)._confirm()
        self.copy()
        self.assertEqual((away.picture_tries, self.asked), (TRIES - 1, [away.image_url]), "it may need a rest")
        self.copy()
        self.assertEqual(self.colour(fine.product_id), "red")
        for __ in range(TRIES):
            self.copy()
        self.assertEqual((away.picture_tries, self.asked.count(away.image_url)), (0, TRIES))
        self.assertEqual(self.failures().mapped("external_ref"), [away.external_id])

    def test_a_pass_that_has_no_time_left_asks_for_another(self):
        self.channel._ensure_crons()
        listing = self.pictured()
        listing._confirm()
        triggers = [("cron_id", "=", self.channel.items_cron_id.id)]
        before = self.env["ir.cron.trigger"].search_count(triggers)
        self.copy(deadline=time.monotonic() - 1)
        self.assertEqual((self.asked, listing.picture_tries), ([], TRIES))
        self.assertEqual(self.env["ir.cron.trigger"].search_count(triggers), before + 1)

    def test_no_transaction_is_open_while_a_picture_is_on_its_way(self):
        listing = self.pictured()
        listing._confirm()
        commits = []
        self.patch(self.registry["order.channel"], "_commit", lambda channel: commits.append(len(self.asked)))
        self.copy()
        self.assertEqual(commits[:2], [0, 1], "one before it is asked for, one after")

    def test_a_picture_that_fails_in_an_unknown_way_holds_up_no_other(self):
        """Whatever it is: the next one comes, and this one is a failure."""
        odd, good = self.pictured("odd"), self.pictured("good")
        for error in (ValueError("Invalid IPv6 URL"), RecursionError("deep"), UnicodeError("label too long")):
            with self.subTest(type(error).__name__), mute_logger("odoo.addons.order_channel_mapping.models"):
                self.there[odd.image_url] = error
                if odd.state != "linked":
                    (odd + good).with_user(self.clerk).action_confirm()
                (odd + good)._want_pictures()
                self.copy()
                self.assertEqual((odd.picture_tries, good.picture_tries), (0, 0))
                self.assertTrue(good.product_id.image_1920)
                self.assertTrue(self.failures().text)

    def test_an_address_that_is_none_is_no_picture(self):
        listing = self.listing(image_url="https://[bad/a.png")
        listing.with_user(self.clerk).action_confirm()
        self.copy()
        self.assertEqual((listing.state, self.asked), ("linked", []))
