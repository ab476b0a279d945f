from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..connectors import connector_classes
from ..tools.reachable import why_unreachable

MANAGER = "order_channel_mapping.group_channel_manager"
#: the ways to sign in, by the codes of ``connectors.base.AuthMethod``; a marketplace's own words for them are its label
AUTH_METHODS = [
    ("token", "Access token"),
    ("keys", "Keys"),
    ("oauth", "Consent on the marketplace's page"),
    ("client_credentials", "App with client ID and secret"),
]
RETURN_PATH = "/order_channel_mapping/oauth/return"
CALLBACK_PATH = "/order_channel_mapping/oauth/keys"


def plain_credential_names(model):
    """Names of all credentials that are no secret, of whatever marketplace."""
    return sorted(
        {
            field.name
            for connector_class in connector_classes().values()
            for field in connector_class.credential_fields
            if not field.secret and field.name in model._fields
        }
    )


class OrderChannelAccount(models.Model):
    """The way to sign in, and what it asks for."""

    _inherit = "order.channel.account"

    auth_method = fields.Selection(
        AUTH_METHODS,
        string="Sign In By",
        compute="_compute_auth_method",
        store=True,
        readonly=False,
        precompute=True,
    )
    has_credentials = fields.Boolean(compute="_compute_credentials", compute_sudo=True)
    credentials = fields.Json(
        compute="_compute_credentials",
        compute_sudo=True,
        groups=MANAGER,
        exportable=False,
        help="The ways to sign in, what each one asks for and whether it is set; never a secret.",
    )

    @api.depends("provider")
    def _compute_auth_method(self):
        """The marketplace's usual way, unless what is there already suggests another one."""
        for account in self:
            methods = account._auth_methods()
            if account.auth_method in [method.code for method in methods]:
                continue
            there = account._credentials_there()
            ready = (method.code for method in methods if method.required and there.issuperset(method.required))
            account.auth_method = next(ready, methods[0].code if methods else False)

    @api.constrains("auth_method", "provider")
    def _check_auth_method(self):
        for account in self:
            if account.auth_method and not account._auth_method():
                raise ValidationError(self.env._("This kind of channel has no such way to sign in."))

    @api.depends(lambda self: ("provider", "auth_method", "secret_data", *plain_credential_names(self)))
    @api.depends_context("lang")
    def _compute_credentials(self):
        for account in self:
            there = account._credentials_there()
            ways = [account._describe_auth_method(method, there) for method in account._auth_methods()]
            account.credentials = {"method": account.auth_method, "methods": ways}
            account.has_credentials = any(way["complete"] for way in ways if way["code"] == account.auth_method)

    # === WAYS TO SIGN IN === #

    def _auth_methods(self):
        """The ways to sign in at this account's marketplace: tuple of ``connectors.base.AuthMethod``."""
        connector_class = connector_classes().get(self.provider)
        return connector_class.auth_methods if connector_class else ()

    def _auth_method(self):
        """The chosen one, None where there is none."""
        return next((method for method in self._auth_methods() if method.code == self.auth_method), None)

    def _auth_method_for(self, names):
        """The way to sign in that somebody means who enters these credentials: the chosen one if it asks for them."""
        methods = sorted(self._auth_methods(), key=lambda method: method.code != self.auth_method)
        return next((method.code for method in methods if names <= set(method.fields)), self.auth_method)

    def _credentials_there(self):
        """Names of the credentials that are set."""
        secrets = self._secrets() or {}
        return {
            field.name
            for field in self._credential_fields()
            if (secrets.get(field.name) if field.secret else self.sudo()[field.name])
        }

    def _describe_auth_method(self, method, there):
        """What the form shows of one way to sign in; JSON-able, without secrets."""
        known = {field.name: field for field in self._credential_fields()}
        return {
            "code": method.code,
            "label": method.label,
            "help": method.help,
            "consent": method.consent,
            "complete": there.issuperset(method.required),
            "scopes": ",".join(method.scopes),
            "return_url": self._return_url() if method.registered else "",
            "warning": self._address_warning(method),
            "fields": [
                {
                    "name": name,
                    "label": known[name].label or self._fields[name]._description_string(self.env),
                    "help": known[name].help or self._fields[name]._description_help(self.env) or "",
                    "secret": known[name].secret,
                    "required": name in method.required,
                    "set": name in there,
                    "value": "" if known[name].secret else self.sudo()[name] or "",
                }
                for name in method.fields
                if name in known
            ],
        }

    # === OUR OWN ADDRESSES === #

    def _return_url(self):
        """Where a seller's browser comes back after agreeing at the marketplace."""
        return f"{self.get_base_url().rstrip('/')}{RETURN_PATH}/{self.provider}"

    def _callback_url(self):
        """Where a marketplace's own server delivers keys."""
        return f"{self.get_base_url().rstrip('/')}{CALLBACK_PATH}/{self.provider}"

    def _address_warning(self, method):
        """Why the marketplace may not find back to this Odoo; empty where nothing speaks against it."""
        url = self.get_base_url()
        if not method.consent or self._allow_insecure():
            return ""
        if not url.startswith("https://"):
            return self.env._(
                "The way back from the marketplace must be secure, but this Odoo's address is %(url)s. "
                "Open Odoo at its https:// address, or choose another way.",
                url=url,
            )
        reason = method.delivered and (why_unreachable(url) or self._why_unreachable(url))
        if reason == "webhook_several_databases":
            return self.env._(
                "The store's server delivers the keys to this Odoo, which has several databases at %(url)s and can't tell for "
                "which one they are. Have an administrator set dbfilter, or choose another way.",
                url=url,
            )
        if reason:
            return self.env._(
                "The store's server delivers the keys to this Odoo, but %(url)s can probably not be reached from outside. "
                "If it can't, choose another way.",
                url=url,
            )
        return ""
