"""Base classes for the tests that run in Odoo.

Odoo gives tags only to test classes of modules under ``odoo.addons``, and without the tag ``standard`` its guard against
external HTTP is off. So every class here and every class of ``tests/integration`` and ``tests/browser`` inherits from
:class:`ChannelCase`, :class:`ChannelHttpCase` or :class:`ChannelBrowserCase` (or from one of Odoo's own tagged classes).
"""

from __future__ import annotations

from contextlib import contextmanager
from unittest.mock import patch

from odoo.tests import HttpCase, TransactionCase, tagged


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

    @contextmanager
    def in_one_transaction(self):
        """What works in transactions of its own commits by flushing, so that the test's transaction goes on."""
        worker = self.registry["order.channel.transactional"]
        with (
            patch.object(worker, "_commit", lambda records: records.env.flush_all()),
            patch.object(worker, "_rollback", lambda records: records.env.invalidate_all()),
        ):
            yield

    @classmethod
    def warehouse(cls, company):
        return cls.env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)


@tagged("standard", "post_install", "-at_install")
class ChannelCase(ChannelFixtures, TransactionCase):
    """A test in one transaction, rolled back at its end."""

    def at_the_same_moment(self, change):
        """A patch: whoever waits for the lock on listings finds that a colleague, who had it, did this to them.

        :param change: function of the listings
        """
        listing_class = self.registry["order.channel.listing"]
        lock = listing_class._lock

        def wait(listings):
            change(listings)
            lock(listings)

        return patch.object(listing_class, "_lock", wait)


@tagged("standard", "post_install", "-at_install")
class ChannelHttpCase(ChannelFixtures, HttpCase):
    """A test with a web server. One with a browser inherits from :class:`ChannelBrowserCase`."""


@tagged("standard", "post_install", "-at_install")
class ChannelBrowserCase(ChannelHttpCase):
    """A test with a web server and a browser, for tours and screenshots.

    The web client's bundles are in the database that ``setup/test`` makes where browser tests are among those to run.
    """

    browser_size = "1366x768"
