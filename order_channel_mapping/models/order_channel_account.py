from odoo import fields, models

from ..connectors import connector_classes

OFFLINE = "offline"


def provider_selection():
    """``[(code, label)]`` of every marketplace that has a connector, and the offline store."""
    return [(code, cls.label) for code, cls in connector_classes().items()] + [(OFFLINE, "Offline store")]


class OrderChannelAccount(models.Model):
    """One login at a marketplace: credentials, identity, pacing. Several channels may share it."""

    _name = "order.channel.account"
    _description = "Channel Account"
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    provider = fields.Selection(selection=lambda self: provider_selection(), required=True, index=True)
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    channel_ids = fields.One2many("order.channel", "account_id", string="Channels")
    api_base_url = fields.Char(
        string="API Address",
        copy=False,
        help="Leave empty. Points the connector at a test server instead of the marketplace.",
    )

    # === IDENTITY: what the marketplace answered at Connect === #
    external_ref = fields.Char(string="Account ID at the Channel", readonly=True, copy=False, index="btree_not_null")
    external_name = fields.Char(string="Name at the Channel", readonly=True, copy=False)
    scopes = fields.Char(string="Granted Rights", readonly=True, copy=False)
