"""What connectors declare against what the models have: adding a marketplace must not leave half of it behind."""

from __future__ import annotations

from pathlib import Path

import odoo.addons.order_channel_mapping
from odoo.addons.order_channel_mapping.connectors import connector_classes
from odoo.addons.order_channel_mapping.models.order_channel_options import STATUSES

from tests.common import ChannelCase

ADDON = Path(odoo.addons.order_channel_mapping.__path__[0])


class TestConnectors(ChannelCase):
    def test_every_credential_is_a_field_of_the_account(self):
        """A secret one keeps nothing itself: it is sealed; a plain one is stored as it is."""
        account = self.env["order.channel.account"]
        for provider, connector in connector_classes().items():
            for credential in connector.credential_fields:
                with self.subTest(provider=provider, field=credential.name):
                    field = account._fields.get(credential.name)
                    self.assertIsNotNone(field)
                    self.assertEqual(field.type, "char")
                    self.assertIs(bool(field.store), not credential.secret)
                    self.assertFalse(field.copy)
                    self.assertTrue(field.groups, "nobody but those who connect channels sees it")

    def test_every_option_is_a_field_of_the_channel(self):
        channel = self.env["order.channel"]
        for provider, connector in connector_classes().items():
            for name in connector.option_names - {STATUSES}:
                with self.subTest(provider=provider, option=name):
                    self.assertIn(name, channel._fields)
                    self.assertTrue(channel._fields[name].store)

    def test_every_way_to_sign_in_can_be_chosen(self):
        account = self.env["order.channel.account"]
        known = set(dict(account._fields["auth_method"]._description_selection(self.env)))
        for provider, connector in connector_classes().items():
            self.assertLessEqual({method.code for method in connector.auth_methods}, known, provider)
            self.assertTrue(connector.auth_methods, provider)

    def test_every_marketplace_can_be_chosen_and_has_a_page_and_an_icon(self):
        providers = dict(self.env["order.channel.account"]._fields["provider"]._description_selection(self.env))
        for provider, connector in connector_classes().items():
            with self.subTest(provider=provider):
                self.assertEqual(providers[provider], connector.label)
                self.assertTrue((ADDON / "readme" / f"{provider.upper()}.md").is_file())
                self.assertTrue((ADDON / "static" / "img" / f"{provider}.svg").is_file())
