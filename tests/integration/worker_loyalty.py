"""In a process of its own, on a database with the app *sale_loyalty*: three orders of one buyer gain points and coupons.

``python -m tests.integration.worker_loyalty DATABASE CONFIG`` writes a JSON line for each order: whether a channel's it was,
and what e-mails about its cards became of, ``[[state, reached the buyer]]``.
"""

import json
import sys

import odoo
from odoo import SUPERUSER_ID, Command, api
from odoo.modules.registry import Registry


def main(database, config):
    odoo.tools.config.parse_config(["-c", config, "-d", database], setup_logging=True)
    with Registry(database).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        channel = make_channel(env)
        buyer = env["res.partner"].create({"name": "Mary Major", "email": "mary@example.com"})
        product = env["product.product"].create({"name": "Mug", "taxes_id": False})
        make_programs(env)
        for of_channel in (True, False, True):
            env["mail.mail"].search([]).unlink()
            order = make_order(env, channel if of_channel else None, buyer, product)
            order._update_programs_and_rewards()
            order.action_confirm()
            mails = env["mail.mail"].search([("model", "=", "loyalty.card")])
            became = [[mail.failure_type or "", buyer in mail.recipient_ids] for mail in mails]
            sys.stdout.write(json.dumps([of_channel, became]) + "\n")
        cr.rollback()


def make_channel(env):
    channel = env["order.channel"].create({"name": "Shop", "provider": "shopify"})
    channel.write({"state": "live", "account_ref": "1", "site": "", "currency_id": env.company.currency_id.id})
    return channel


def make_programs(env):
    """One that writes at 20 points, one that writes with each coupon."""
    template = env["mail.template"].create(
        {
            "name": "Well done",
            "model_id": env["ir.model"]._get_id("loyalty.card"),
            "subject": "Well done",
            "body_html": "<p>Well done</p>",
            "email_from": "shop@example.com",
            "partner_to": "{{ object._mail_get_customer().id }}",
            "use_default_to": False,
        }
    )
    written = {"mail_template_id": template.id}
    reward = Command.create({"reward_type": "discount", "discount": 10, "required_points": 10000})
    rule = Command.create({"reward_point_mode": "money", "reward_point_amount": 1})
    milestones = [Command.create({**written, "trigger": "points_reach", "points": points}) for points in (20, 60, 110)]
    loyalty = {"program_type": "loyalty", "trigger": "auto", "applies_on": "both"}
    coupons = {"program_type": "next_order_coupons", "trigger": "auto", "applies_on": "future"}
    shared = {"rule_ids": [rule], "reward_ids": [reward]}
    env["loyalty.program"].create(
        [
            {"name": "Points", **loyalty, **shared, "communication_plan_ids": milestones},
            {
                "name": "Coupons",
                **coupons,
                **shared,
                "communication_plan_ids": [Command.create({**written, "trigger": "create"})],
            },
        ]
    )


def make_order(env, channel, buyer, product):
    values = {
        "partner_id": buyer.id,
        "order_line": [Command.create({"product_id": product.id, "price_unit": 50.0})],
    }
    if not channel:
        return env["sale.order"].create(values)
    orders = env["order.channel.order"]
    channel_order = orders.create(
        {
            "channel_id": channel.id,
            "company_id": env.company.id,
            "external_id": str(orders.search_count([])),
            "number": "#1",
            "status": "open",
        }
    )
    # the addon is found once the configuration is read
    from odoo.addons.order_channel_mapping.tools.guard import internal

    values |= {"order_channel_id": channel.id, "channel_order_id": channel_order.id}
    return env["sale.order"].browse(internal(env["sale.order"]).create(values).id)


if __name__ == "__main__":
    main(*sys.argv[1:])
