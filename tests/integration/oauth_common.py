"""A marketplace where sellers agree on a page, in memory; and the way there and back in a browser's session."""

from __future__ import annotations

import json
from contextlib import contextmanager
from urllib.parse import parse_qs, urlencode, urlsplit

from odoo.tests import patch

from odoo.addons.order_channel_mapping.connectors import base, connector_classes
from odoo.addons.order_channel_mapping.models.order_channel_account_auth import CALLBACK_PATH, RETURN_PATH

from .connect_common import SECRET, STORE, ConnectMixin

ACCESS, REFRESH, KEY = "access-of-an-hour", "refresh-of-90-days", "delivered-key"
PAGE = "https://marketplace.example.com/agree"
REQUIRED = ("shop_domain", "client_secret")


class ConsentConnector(base.Connector):
    """Serves what the test put into the class: ``identity`` (or an error), ``granted`` (or an error)."""

    provider = "shopify"
    label = "Market"
    capabilities = frozenset({"items", "orders", "stock", "ship"})
    credential_fields = (
        base.CredentialField("shop_domain", "Shop", secret=False),
        base.CredentialField("client_secret", "Secret"),
        base.CredentialField("access_token", "Token"),
    )
    auth_methods = (
        base.AuthMethod("oauth", "On its page", REQUIRED, REQUIRED, consent=True, registered=True),
        base.AuthMethod("keys", "Page with delivery", ("shop_domain",), ("shop_domain",), consent=True, delivered=True),
        base.AuthMethod("token", "Token", ("shop_domain", "access_token"), ("shop_domain", "access_token")),
    )
    identity = STORE
    granted = base.Grant(tokens={"access_token": ACCESS, "refresh_token": REFRESH})
    exchanges: list = []
    asked_as: list = []

    @classmethod
    def authorize_url(cls, account, consent):
        if not account.secrets.get("shop_domain"):
            raise base.AuthError("Enter the shop.", "missing")
        return f"{PAGE}?{urlencode({'state': consent.state, 'back': consent.return_url, 'to': consent.callback_url})}"

    @classmethod
    def exchange(cls, account, consent, params):
        cls.exchanges.append((account, consent, dict(params)))
        if isinstance(cls.granted, Exception):
            raise cls.granted
        return cls.granted

    @classmethod
    def delivery(cls, body):
        try:
            answer = json.loads(body)
            return answer["state"], base.Grant(credentials={"access_token": answer["key"]})
        except (ValueError, KeyError, TypeError):
            raise base.BadPayload("no keys") from None

    def identify(self):
        secrets, tokens = dict(self.account.secrets), self.ports.tokens
        self.asked_as.append((secrets.get("access_token"), tokens.get("access_token")))
        if isinstance(self.identity, Exception):
            raise self.identity
        return self.identity


class ConsentMixin(ConnectMixin):
    """For a ChannelHttpCase: sellers agree at a marketplace in memory."""

    def setUp(self):
        super().setUp()
        self.market = type("Market", (ConsentConnector,), {"exchanges": [], "asked_as": []})
        replaced = patch.dict(connector_classes(), {"shopify": self.market})
        replaced.start()
        self.addCleanup(replaced.stop)
        self.authenticate("channel_manager", "channel_manager")

    def consent_channel(self, name="Hats", method="oauth", **values):
        channel = self.new_channel(name, credentials=False, **values)
        channel.account_id.write({"shop_domain": f"{name.lower()}.example.com", "client_secret": SECRET})
        channel.auth_method = method
        self.env.flush_all()
        return channel

    def set_out(self, channel, user=None):
        """Press the button; return the state that the marketplace gets."""
        action = channel.with_user(user or self.manager).action_authorize()
        self.assertEqual((action["type"], action["target"]), ("ir.actions.act_url", "self"))
        self.env.flush_all()
        (state,) = parse_qs(urlsplit(action["url"]).query)["state"]
        return state

    def come_back(self, state, provider="shopify", **params):
        """What the seller's browser does when the marketplace sends it back; the response is not followed."""
        query = urlencode({"state": state, "code": "one-time-code", **params})
        response = self.url_open(f"{RETURN_PATH}/{provider}?{query}", allow_redirects=False)
        self.env.invalidate_all()
        return response

    def deliver(self, state, provider="shopify", body=None, **headers):
        body = body if body is not None else json.dumps({"state": state, "key": KEY})
        session, self.opener.cookies = self.opener.cookies, type(self.opener.cookies)()
        try:
            return self.url_open(
                f"{CALLBACK_PATH}/{provider}", data=body, headers={"Content-Type": "application/json", **headers}
            )
        finally:
            self.opener.cookies = session
            self.env.invalidate_all()

    def authorized_channel(self, **kwargs):
        channel = self.consent_channel(**kwargs)
        self.come_back(self.set_out(channel))
        return channel

    @contextmanager
    def later(self, minutes):
        """So many minutes on, for what is started before."""
        self.env.cr.execute(
            "UPDATE order_channel_authorization SET expires_at = expires_at - make_interval(mins => %s)", [minutes]
        )
        self.env.invalidate_all()
        yield
