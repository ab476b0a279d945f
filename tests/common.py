"""Base classes for the tests that run in Odoo.

Odoo gives tags only to test classes of modules under ``odoo.addons``, and without the tag ``standard`` its guard against
external HTTP is off. So every class here and every class of ``tests/integration`` and ``tests/browser`` inherits from
:class:`ChannelCase`, :class:`ChannelHttpCase` or :class:`ChannelBrowserCase` (or from one of Odoo's own tagged classes).
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from odoo import Command
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged
from odoo.tests.common import ChromeBrowser

# A company takes Odoo a second (warehouse, journals, calendar, …): a worker makes it once, see tests/in_odoo.py.
SPARE_COMPANY = "Archived until a test needs it"
NO_CHATTER = {"tracking_disable": True, "mail_create_nolog": True, "mail_create_nosubscribe": True}
# Nobody is told of users that tests make: the mail with the link to set a password takes longer than the user.
UNTOLD = {"no_reset_password": True, **NO_CHATTER}

# Chromium draws what drops down from its address bar in web pages of its own, and loads them in windows nobody sees, too: that
# took more of the processor than all the rest of its start.
NO_OMNIBOX = "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup"


@contextmanager
def in_one_transaction(registry):
    """What works in transactions of its own commits by flushing, so that the test's transaction goes on."""
    worker = registry["order.channel.transactional"]
    with (
        patch.object(worker, "_commit", lambda records: records.env.cr.flush()),
        patch.object(worker, "_rollback", lambda records: records.env.invalidate_all()),
    ):
        yield


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
    def new_user(cls, login, groups, company=None, **values):
        """A user of these groups (XML ids, separated by commas); of this company only, where one is given."""
        if company:
            values |= {"company_id": company.id, "company_ids": [Command.set(company.ids)]}
        return new_test_user(cls.env, login, groups, context=UNTOLD, **values)

    @classmethod
    def new_company(cls, name, **values):
        """Another company, which the superuser may use as well."""
        companies = cls.env["res.company"]
        company = companies.search([("name", "=", SPARE_COMPANY), ("active", "=", False)])
        if not company:
            return companies.create({"name": name, **values})
        company.write({"name": name, "active": True, **values})
        cls.env.user.company_ids += company
        return company

    def during_test(self, context):
        """Enter a context until the test ends, as ``enterContext`` does from Python 3.11 on.

        :return: what the context gives
        """
        stack = ExitStack()
        self.addCleanup(stack.close)
        return stack.enter_context(context)

    def in_one_transaction(self):
        """For the rest of the test, see :func:`in_one_transaction`."""
        self.during_test(in_one_transaction(self.registry))

    @classmethod
    def warehouse(cls, company):
        return cls.env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)


def keep_a_spare_company(env):
    """Make the company that :meth:`ChannelFixtures.new_company` hands out."""
    company = env["res.company"].create({"name": SPARE_COMPANY})
    # its maker got it as a second one
    env.user.company_ids -= company
    company.active = False


@tagged("standard", "post_install", "-at_install")
class ChannelCase(ChannelFixtures, TransactionCase):
    """A test in one transaction, rolled back at its end."""

    #: whether records say in their chatter what became of them, as they do for people; most tests don't look
    chatter = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls.chatter:
            cls.env = cls.env(context={**cls.env.context, **NO_CHATTER})

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

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        spawn = ChromeBrowser._spawn_chrome
        cls.classPatch(ChromeBrowser, "_spawn_chrome", lambda browser, command: spawn(browser, [*command, NO_OMNIBOX]))
