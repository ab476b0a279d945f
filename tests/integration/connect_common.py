"""What the tests of accounts, Connect and access share: people of two companies, and a marketplace that only says who it is."""

from __future__ import annotations

import os
from contextlib import contextmanager
from unittest.mock import patch

from cryptography.fernet import Fernet

from odoo.addons.order_channel_mapping.connectors import connector_classes
from odoo.addons.order_channel_mapping.connectors.records import Account, Location
from odoo.addons.order_channel_mapping.tools.secret_box import ENVIRONMENT

TOKEN = "shpat_0123456789abcdef"
SECRET = "whsec-9876543210"
GROUPS = "order_channel_mapping.group_channel_"

STORE = Account(
    ref="gid://shopify/Shop/1",
    name="Hat Shop",
    currency="EUR",
    country="DE",
    timezone="Europe/Berlin",
    locations=(Location("loc-1", "Berlin"), Location("loc-2", "Old barn", active=False)),
    scopes=frozenset({"read_products", "read_orders"}),
)
OTHER_STORE = Account(ref="gid://shopify/Shop/2", name="Shoe Shop", currency="EUR")


class ConnectMixin:
    """People and channels; mixed into a ChannelCase or a ChannelHttpCase."""

    #: whether a class wants a manager of another company, and a salesperson without the channels' rights
    outsiders = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        key = patch.dict(os.environ, {ENVIRONMENT: Fernet.generate_key().decode()})
        key.start()
        cls.addClassCleanup(key.stop)
        cls.company = cls.env.company
        cls.manager = cls.person("manager", "manager", cls.company)
        cls.user = cls.person("user", "user", cls.company)
        if cls.outsiders:
            cls.other_company = cls.new_company("Other Company")
            cls.other_manager = cls.person("other_manager", "manager", cls.other_company)
            cls.salesperson = cls.new_user("channel_outsider", "sales_team.group_sale_manager")

    @classmethod
    def person(cls, login, group, company):
        return cls.new_user(f"channel_{login}", f"{GROUPS}{group}", company=company)

    @classmethod
    def new_channel(cls, name="Hats", user=None, credentials=True, **values):
        """A channel with credentials, made as its manager would; not connected."""
        user = user or cls.manager
        channel = cls.env["order.channel"].with_user(user).create({"name": name, "provider": "shopify", **values})
        if credentials:
            channel.account_id.write({"shop_domain": f"{name.lower()}.myshopify.com", "access_token": TOKEN})
        return channel

    @contextmanager
    def marketplace(self, answer=STORE):
        """A marketplace that answers to ``identify`` with this account, or raises this error."""

        def identify(connector):
            if isinstance(answer, Exception):
                raise answer
            return answer

        with patch.object(connector_classes()["shopify"], "identify", identify):
            yield

    def connected_channel(self, answer=STORE, **kwargs):
        channel = self.new_channel(**kwargs)
        with self.marketplace(answer):
            channel.action_connect()
        return channel
