from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..connectors import connector_classes

OFFLINE = "offline"
ALLOW_INSECURE = "order_channel_mapping.allow_insecure_urls"


def provider_selection():
    """``[(code, label)]`` of every marketplace that has a connector, and the offline store."""
    return [(code, cls.label) for code, cls in connector_classes().items()] + [(OFFLINE, "Offline store")]


class OrderChannelAccount(models.Model):
    """One login at a marketplace: credentials, identity, pacing. Several channels may share it.

    How credentials are kept is in ``order_channel_account_secrets``, what connectors are given in
    ``order_channel_account_ports``.
    """

    _name = "order.channel.account"
    _description = "Channel Account"
    _inherit = ["order.channel.guarded"]
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
        groups="base.group_system",
        help="Leave empty. Points the connector at a test server instead of the marketplace.",
    )

    # === IDENTITY: what the marketplace answered at Connect === #
    external_ref = fields.Char(string="Account ID at the Channel", readonly=True, copy=False, index="btree_not_null")
    external_name = fields.Char(string="Name at the Channel", readonly=True, copy=False)
    scopes = fields.Char(string="Granted Rights", readonly=True, copy=False)

    @api.constrains("api_base_url")
    def _check_api_base_url(self):
        for account in self.sudo():
            url = account.api_base_url
            if url and not url.startswith("https://") and not account._allow_insecure():
                raise ValidationError(
                    self.env._(
                        "The API address must start with https://. Test servers need the system parameter %(name)s.",
                        name=ALLOW_INSECURE,
                    )
                )

    @api.model
    def _allow_insecure(self):
        """Whether connectors may use plain HTTP and private addresses: test servers only."""
        value = self.env["ir.config_parameter"].sudo().get_param(ALLOW_INSECURE)
        return str(value).strip().lower() in ("1", "true", "yes")

    # === CRUD METHODS === #

    def write(self, vals):
        self._check_settled(vals)
        return super().write(vals)

    def _check_settled(self, vals):
        """A connected account keeps its marketplace and its company: all that was fetched through it hangs on them."""
        for name in {"provider", "company_id"} & vals.keys():
            for account in self:
                value = account[name].id if name == "company_id" else account[name]
                if value != vals[name] and any(channel.state != "draft" for channel in account._all_channels()):
                    raise UserError(
                        self.env._(
                            "%(account)s is connected: its marketplace and company can't be changed. "
                            "Add a new channel instead.",
                            account=account.display_name,
                        )
                    )

    def _all_channels(self):
        """The account's channels, archived ones too."""
        return self.sudo().with_context(active_test=False).channel_ids
