"""A mass change in the background and the person who stops it, for :mod:`tests.integration.test_processes_batches`."""

from __future__ import annotations

from odoo import SUPERUSER_ID, api
from odoo.fields import Command
from odoo.service.model import retrying

from tests.integration.worker import Points

LISTINGS, CHUNK = 400, 20


def work(registry, verb, **points):
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        if verb == "prepare":
            _prepare(env)
        elif verb == "run":
            _slow_steps(registry, Points(**points))
            env["order.channel.batch"]._cron_work()
        else:
            person = env["res.users"].search([("login", "=", "ada")])
            batch = env(user=person)["order.channel.batch"].search([])
            batch.mapped("state")  # the transaction has looked at it before it stops it, as a request has
            retrying(batch.action_cancel, batch.env)


def _prepare(env):
    channel = env["order.channel"].create({"name": "Large shop", "provider": "shopify"})
    channel.write({"state": "live", "account_ref": "large", "site": ""})
    listings = env["order.channel.listing"].create(
        [
            {
                "channel_id": channel.id,
                "company_id": channel.company_id.id,
                "external_id": str(number),
                "name": f"Item {number}",
            }
            for number in range(LISTINGS)
        ]
    )
    group = env.ref("order_channel_mapping.group_channel_user")
    person = env["res.users"].create({"name": "Ada", "login": "ada", "group_ids": [Command.set(group.ids)]})
    env["order.channel.batch"].with_user(person)._make("ignore", listings.with_user(person), note="Not ours")


def _slow_steps(registry, point):
    """Steps that take a while, one right after the other."""
    from odoo.addons.order_channel_mapping.models import order_channel_batch_work

    order_channel_batch_work.WORK_CHUNK = CHUNK
    batch_class = registry["order.channel.batch"]
    apply_ignore = batch_class._apply_ignore

    def slow_apply(self, lines):
        apply_ignore(self, lines)
        point("step")

    batch_class._apply_ignore = slow_apply
