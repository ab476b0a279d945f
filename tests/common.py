"""Base classes for the tests that run in Odoo.

Odoo gives tags only to test classes of modules under ``odoo.addons``, and without the tag ``standard`` its guard against
external HTTP is off. So every class here and every class of ``tests/integration`` and ``tests/browser`` inherits from
:class:`ChannelCase`, :class:`ChannelHttpCase` or :class:`ChannelBrowserCase` (or from one of Odoo's own tagged classes).
"""

from __future__ import annotations

from functools import cache

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import HttpCase, TransactionCase, tagged
from odoo.tests.common import get_db_name


class ChannelFixtures:
    """What both kinds of tests make."""

    @classmethod
    def make_channel(cls, provider="shopify", **values):
        """A live channel of a connected account, all switches off unless said."""
        company = values.pop("company", cls.env.company)
        channel = (
            cls.env["order.channel"]
            .sudo()
            .with_company(company)
            .create(
                {
                    "name": "Test shop",
                    "provider": provider,
                    "company_id": company.id,
                    "warehouse_id": cls.warehouse(company).id,
                }
            )
        )
        defaults = {
            "state": "live",
            "account_ref": f"ref-{channel.id}",
            "site": "",
            "currency_id": company.currency_id.id,
            "order_start": "2026-01-01 00:00:00",
        }
        channel.write({**defaults, **values})
        return channel

    @classmethod
    def warehouse(cls, company):
        return cls.env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)


@tagged("standard", "post_install", "-at_install")
class ChannelCase(ChannelFixtures, TransactionCase):
    """A test in one transaction, rolled back at its end."""


@tagged("standard", "post_install", "-at_install")
class ChannelHttpCase(ChannelFixtures, HttpCase):
    """A test with a web server. One with a browser inherits from :class:`ChannelBrowserCase`."""


#: (bundle, its part) that the web client loads in each browser test
BUNDLES = (
    ("web.assets_web", "css"),
    ("web.assets_web", "js"),
    ("web.assets_web_print", "css"),
    ("web.assets_tests", "js"),
    ("web.assets_emoji", "js"),
    ("bus.websocket_worker_assets", "js"),
)


@cache
def commit_bundles(database):
    """Make the web client's bundles once for all browser tests of a run.

    What a test makes is rolled back at its end: else each one would compile them anew, for most of its time.
    """
    with Registry(database).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        # Debian's Odoo lacks this script, which its manifest lists; the error in the console would fail every tour.
        env["ir.asset"].create(
            {
                "name": "Not in Debian's package",
                "bundle": "web.assets_backend",
                "directive": "remove",
                "path": "mail/static/lib/selfie_segmentation/selfie_segmentation.js",
            }
        )
        for name, part in BUNDLES:
            bundle = env["ir.qweb"]._get_asset_bundle(name, css=part == "css", js=part == "js")
            getattr(bundle, part)()


@tagged("standard", "post_install", "-at_install")
class ChannelBrowserCase(ChannelHttpCase):
    """A test with a web server and a browser, for tours and screenshots."""

    browser_size = "1366x768"

    @classmethod
    def setUpClass(cls):
        commit_bundles(get_db_name())
        super().setUpClass()
