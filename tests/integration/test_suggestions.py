"""Suggestions: which products an unconfirmed item may stand for, why, and what a person says to it."""

from unittest.mock import patch

from odoo.tests import new_test_user

from tests.common import ChannelCase
from tests.fakes import item

USER = "order_channel_mapping.group_channel_user"


class SuggestionCase(ChannelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.channel = cls.make_channel(name="Web Shop")
        cls.second = cls.make_channel(name="Second Shop")
        cls.clerk = new_test_user(cls.env, "suggestion_clerk", USER, name="Clara Clerk")
        Suggestion = cls.env["order.channel.suggestion"].sudo()
        cls.suggestions = Suggestion
        cls.sencha, cls.assam, cls.mug = cls.env["product.product"].create(
            [
                {"name": "Green Tea Sencha, 100 g", "default_code": "TEA-GREEN-100", "list_price": 9},
                {"name": "Black Tea Assam, 100 g", "default_code": "TEA-BLACK-100", "list_price": 8},
                {"name": "Stoneware Mug", "default_code": "0815-MUG", "barcode": "4006381333931", "list_price": 14},
            ]
        )

    def setUp(self):
        super().setUp()
        for name, replacement in (
            ("_commit", lambda record: record.env.flush_all()),
            ("_rollback", lambda record: record.env.invalidate_all()),
        ):
            patcher = patch.object(self.registry["order.channel.suggestion"], name, replacement)
            patcher.start()
            self.addCleanup(patcher.stop)
        for name, replacement in (
            ("_commit", lambda record: record.env.flush_all()),
            ("_rollback", lambda record: record.env.invalidate_all()),
        ):
            patcher = patch.object(self.registry["order.channel.batch"], name, replacement)
            patcher.start()
            self.addCleanup(patcher.stop)

    count = 0

    def listing(self, name, sku=None, channel=None, **values):
        """An item as a fetch writes it."""
        SuggestionCase.count += 1
        channel = channel or self.channel
        keys = channel._listing_values(
            item(f"s-{self.count}", sku, name=name, barcode=values.pop("barcode", None)), "digest", {}
        )
        return self.env["order.channel.listing"].create(
            {**keys, "price": 0, "channel_id": channel.id, "company_id": channel.company_id.id, **values}
        )

    def suggest(self):
        self.suggestions._cron_suggest()
        self.env.invalidate_all()

    def codes(self, suggestion):
        return [code for code, __ in suggestion.reasons]


class TestFinding(SuggestionCase):
    def test_the_same_sku_apart_from_case_and_dashes(self):
        listing = self.listing("Something else", "tea green/100")
        self.suggest()
        self.assertEqual(listing.suggestion_product_id, self.sencha)
        self.assertIn("apart from case, dashes and spaces", listing.suggestion_text)
        zeros = self.listing("Whatever", "815-MUG")
        self.suggest()
        self.assertFalse(zeros.suggestion_ids, "leading zeros count")

    def test_a_link_ends_suggestions(self):
        listing = self.listing("Something else", "tea green/100")
        self.suggest()
        listing._link(self.mug)
        self.assertFalse(listing.suggestion_id)
        self.assertFalse(listing.suggestion_ids)
        self.assertFalse(listing.suggestion_score)
