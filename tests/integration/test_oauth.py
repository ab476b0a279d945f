"""Connecting by a seller's consent: the way to the marketplace's page and back, and all that can go wrong on it."""

from __future__ import annotations

import logging
import re
from urllib.parse import urlsplit

from odoo.exceptions import AccessError, UserError
from odoo.tools import file_open, mute_logger

from odoo.addons.order_channel_mapping.connectors.base import AuthError, Grant, Rejected, Unavailable
from odoo.addons.order_channel_mapping.models.order_channel_account_auth import RETURN_PATH

from tests.common import ChannelHttpCase

from .connect_common import OTHER_STORE, SECRET, STORE
from .oauth_common import ACCESS, KEY, PAGE, REFRESH, ConsentMixin

UNKNOWN = "/order_channel_mapping/oauth/unknown"
LOGGER = "odoo.addons.order_channel_mapping"


class TestConsent(ConsentMixin, ChannelHttpCase):
    outsiders = True

    def assertLandsOn(self, response, channel):
        """On the channel's form, and nothing that came back is in the address."""
        self.assertEqual(response.status_code, 303)
        location = urlsplit(response.headers["Location"])
        self.assertEqual(location.path, f"/odoo/action-order_channel_mapping.order_channel_action/{channel.id}")
        self.assertFalse(location.query or location.fragment)

    def assertUnknown(self, response):
        self.assertEqual(response.status_code, 303)
        self.assertEqual(urlsplit(response.headers["Location"]).path, UNKNOWN)

    def assertUntouched(self, channel):
        self.assertEqual((channel.state, channel.account_id._secrets()), ("draft", {"client_secret": SECRET}))
        self.assertFalse(self.market.exchanges)

    # === THERE AND BACK === #

    def test_a_consent_connects_the_channel(self):
        channel = self.consent_channel()
        version = channel.account_id.sudo().credentials_version
        response = self.come_back(self.set_out(channel))
        self.assertLandsOn(response, channel)
        self.assertEqual((channel.state, channel.health, channel.external_name), ("connected", "ok", "Hat Shop"))
        self.assertFalse(channel.authorization_message)
        self.assertTrue(channel.account_id.credentials_checked)
        self.assertEqual(channel.account_id.sudo().credentials_version, version + 1)
        tokens = channel.account_id._ports().tokens
        self.assertEqual((tokens.get("access_token"), tokens.get("refresh_token")), (ACCESS, REFRESH))
        self.assertEqual(self.market.asked_as, [(None, ACCESS)])
        self.assertEqual(
            set(channel.sudo().run_ids.mapped("kind")), {"items", "orders"}, "the first fetch is under way"
        )

    def test_the_marketplace_gets_what_it_sent_and_our_addresses(self):
        channel = self.consent_channel()
        state = self.set_out(channel)
        self.come_back(state, shop="hats.example.com", hmac="00ff")
        ((login, consent, params),) = self.market.exchanges
        self.assertEqual(params, {"state": state, "code": "one-time-code", "shop": "hats.example.com", "hmac": "00ff"})
        self.assertEqual(consent.state, state)
        base_url = self.env["ir.config_parameter"].get_param("web.base.url")
        self.assertEqual(consent.return_url, f"{base_url}/order_channel_mapping/oauth/return/shopify")
        self.assertEqual(consent.callback_url, f"{base_url}/order_channel_mapping/oauth/keys/shopify")
        self.assertEqual((login.auth_method, login.secrets["client_secret"]), ("oauth", SECRET))

    def test_tokens_that_were_renewed_while_asking_who_we_are_count(self):
        def identify(connector):
            with connector.ports.tokens.lock() as held:
                held.put(access_token="renewed")
            return STORE

        self.market.identify = identify
        channel = self.authorized_channel()
        tokens = channel.account_id._ports().tokens
        self.assertEqual((tokens.get("access_token"), tokens.get("refresh_token")), ("renewed", REFRESH))

    def test_a_state_is_safe_in_an_address_and_tells_nothing(self):
        channel = self.consent_channel()
        states = {self.set_out(channel) for __ in range(3)}
        self.assertEqual(len(states), 3)
        self.env.cr.execute("SELECT a::text FROM order_channel_authorization a")
        kept = "".join(row for (row,) in self.env.cr.fetchall())
        for state in states:
            self.assertRegex(state, re.compile(r"[A-Za-z0-9_.-]{40,512}\Z"))
            self.assertNotIn(state, kept, "whoever reads the database can't come back in somebody's place")

    def test_two_tabs_lead_each_to_its_own_channel(self):
        hats, shoes = self.consent_channel("Hats"), self.consent_channel("Shoes")
        to_hats, to_shoes = self.set_out(hats), self.set_out(shoes)
        self.market.identity = OTHER_STORE
        self.assertLandsOn(self.come_back(to_shoes), shoes)
        self.market.identity = STORE
        self.assertLandsOn(self.come_back(to_hats), hats)
        self.assertEqual((hats.external_name, shoes.external_name), ("Hat Shop", "Shoe Shop"))

    def test_two_tabs_of_one_channel_connect_it_once(self):
        channel = self.consent_channel()
        first, second = self.set_out(channel), self.set_out(channel)
        self.assertLandsOn(self.come_back(second), channel)
        self.assertLandsOn(self.come_back(first), channel)
        self.assertEqual((channel.state, channel.health), ("connected", "ok"))
        self.assertEqual(len(self.market.exchanges), 1)

    # === WHO COMES BACK, AND WHEN === #

    def test_a_replayed_return_changes_nothing(self):
        channel = self.consent_channel()
        state = self.set_out(channel)
        self.come_back(state)
        version = channel.account_id.sudo().credentials_version
        self.assertLandsOn(self.come_back(state), channel)
        self.assertEqual(len(self.market.exchanges), 1)
        self.assertEqual(channel.account_id.sudo().credentials_version, version)

    def test_a_replay_of_what_failed_asks_nothing_either(self):
        self.market.granted = Unavailable("", "timeout")
        channel = self.consent_channel()
        state = self.set_out(channel)
        self.come_back(state)
        message = channel.authorization_message
        self.assertTrue(message)
        self.market.granted = Grant(tokens={"access_token": ACCESS})
        self.assertLandsOn(self.come_back(state), channel)
        self.assertEqual((len(self.market.exchanges), channel.state), (1, "draft"))
        self.assertEqual(channel.authorization_message, message)

    def test_a_state_is_of_no_use_to_another_user(self):
        channel = self.consent_channel()
        state = self.set_out(channel)
        second = self.person("second", "manager", self.company)
        for login in (second.login, "channel_user", "channel_other_manager"):
            with self.subTest(login):
                self.authenticate(login, login)
                self.assertUnknown(self.come_back(state))
                self.assertUntouched(channel)
        self.authenticate("channel_manager", "channel_manager")
        self.assertLandsOn(self.come_back(state), channel)
        self.assertEqual(channel.state, "connected", "and nobody can spend it in the user's place")

    def test_a_state_that_was_not_made_here_leads_nowhere(self):
        channel = self.consent_channel()
        state = self.set_out(channel)
        changed = state[:-3] + ("AAA" if not state.endswith("AAA") else "BBB")
        unsigned = state[:20] + ("A" if state[20] != "A" else "B") + state[21:]  # the right nonce, another signature
        for bad in (changed, unsigned, state[1:], "", "x", "é", "AQ", state + "A" * 600):
            with self.subTest(bad):
                self.assertUnknown(self.come_back(bad))
        self.assertUnknown(self.come_back(state, provider="offline"))
        self.assertUnknown(self.come_back(state, provider="nonesuch"))
        self.assertUntouched(channel)
        page = self.url_open(UNKNOWN)
        self.assertEqual(page.status_code, 400)
        self.assertIn("Authorise", page.text)

    def test_after_a_quarter_of_an_hour_it_is_too_late(self):
        channel = self.consent_channel()
        state = self.set_out(channel)
        with self.later(minutes=16):
            self.assertLandsOn(self.come_back(state), channel)
        self.assertUntouched(channel)
        self.assertIn("15 minutes", channel.authorization_message)
        channel = self.consent_channel("Shoes")
        state = self.set_out(channel)
        with self.later(minutes=14):
            self.assertLandsOn(self.come_back(state), channel)
        self.assertEqual(channel.state, "connected")

    def test_who_was_logged_out_meanwhile_logs_in_and_goes_on(self):
        channel = self.consent_channel()
        state = self.set_out(channel)
        self.logout()
        response = self.come_back(state)
        self.assertEqual(urlsplit(response.headers["Location"]).path, "/web/login")
        self.assertUntouched(channel)
        page = self.url_open(response.headers["Location"])
        form = dict(re.findall(r'<input type="hidden" name="(csrf_token|redirect)" value="([^"]*)"', page.text))
        form["redirect"] = form["redirect"].replace("&amp;", "&")
        self.assertIn(RETURN_PATH, form["redirect"])
        logged_in = self.url_open(
            "/web/login",
            data={**form, "login": "channel_manager", "password": "channel_manager"},
            allow_redirects=False,
        )
        back = urlsplit(logged_in.headers["Location"])
        response = self.url_open(f"{back.path}?{back.query}", allow_redirects=False)
        self.env.invalidate_all()
        self.assertLandsOn(response, channel)
        self.assertEqual(channel.state, "connected")

    def test_who_lost_the_right_meanwhile_connects_nothing(self):
        channel = self.consent_channel()
        state = self.set_out(channel)
        self.manager.sudo().group_ids -= self.env.ref("order_channel_mapping.group_channel_manager")
        with mute_logger("odoo.addons.base.models.ir_model"):
            self.come_back(state)
        self.assertUntouched(channel.sudo())

    def test_what_was_agreed_to_is_for_the_credentials_of_that_moment(self):
        channel = self.consent_channel()
        state = self.set_out(channel)
        channel.account_id.shop_domain = "shoes.example.com"
        self.env.flush_all()
        self.assertLandsOn(self.come_back(state), channel)
        self.assertFalse(self.market.exchanges)
        self.assertIn("changed while you were", channel.authorization_message)
        self.assertEqual(channel.state, "draft")

    # === WHAT THE MARKETPLACE SAYS === #

    def test_every_refusal_is_one_sentence_on_the_form(self):
        errors = {
            "did not agree": AuthError("Declined.", "consent_refused"),
            "answer in time": Unavailable("", "timeout"),
            "read orders": AuthError("The app lacks these rights: read orders.", "missing_scopes"),
            "unexpected error": ZeroDivisionError(f"with {ACCESS} in it"),
            "deliver the keys": Rejected("not_supported"),
        }
        for words, error in errors.items():
            channel = self.consent_channel(words.replace(" ", ""))
            self.market.granted = error
            with self.subTest(words), self.assertLogs(LOGGER) as logs:
                self.assertLandsOn(self.come_back(self.set_out(channel)), channel)
                self.assertIn(words, channel.authorization_message)
                self.assertEqual((channel.state, channel.account_id._secrets()), ("draft", {"client_secret": SECRET}))
            self.assertNotIn(ACCESS, "".join(logs.output))

    def test_a_scope_that_is_missing_when_asked_is_named(self):
        self.market.identity = AuthError("The app lacks these rights: read products.", "missing_scopes")
        channel = self.authorized_channel()
        self.assertIn("read products", channel.authorization_message)
        self.assertIsNone(
            channel.account_id._ports().tokens.get("access_token"), "nothing is kept of what did not work"
        )

    def test_a_store_that_another_channel_has_is_refused_by_name(self):
        self.authorized_channel(name="First")
        second = self.authorized_channel(name="Second")
        self.assertIn("by the channel First", second.authorization_message)
        self.assertEqual(second.state, "draft")

    def test_a_message_goes_away_with_the_next_change(self):
        self.market.granted = AuthError("Declined.", "consent_refused")
        channel = self.authorized_channel()
        self.assertTrue(channel.authorization_message)
        channel.auth_method = "token"
        self.assertFalse(channel.authorization_message)

    # === SETTING OUT === #

    def test_only_managers_set_out(self):
        channel = self.consent_channel()
        for user in (self.user, self.other_manager, self.salesperson):
            with self.subTest(user.login), self.assertRaises(AccessError):
                channel.with_user(user).action_authorize()

    def test_what_the_marketplace_needs_beforehand_is_asked_for(self):
        channel = self.new_channel(credentials=False)
        with self.assertRaisesRegex(UserError, "Enter the shop"):
            channel.action_authorize()
        channel.auth_method = "token"
        with self.assertRaisesRegex(UserError, "Press Connect"):
            channel.action_authorize()

    def test_nobody_is_sent_to_a_page_that_is_not_secure(self):
        channel = self.consent_channel()
        self.market.authorize_url = lambda login, consent: f"http{PAGE[5:]}?state={consent.state}"
        with self.assertRaisesRegex(UserError, "not secure"):
            channel.action_authorize()

    def test_a_copy_of_the_database_starts_no_consent(self):
        channel = self.authorized_channel()
        state = self.set_out(channel)
        self.env["ir.config_parameter"].set_param("database.uuid", "another-uuid")
        self.env.flush_all()
        with self.assertRaisesRegex(UserError, "copy"):
            channel.action_authorize()
        self.come_back(state)
        self.assertEqual(self.deliver(self.set_out_anyway(channel)).status_code, 404)
        self.assertEqual(len(self.market.exchanges), 1)
        with file_open("order_channel_mapping/data/neutralize.sql") as file:
            self.env.cr.execute(file.read())
        self.env.invalidate_all()
        self.assertFalse(self.env["order.channel.authorization"].search_count([]))

    def set_out_anyway(self, channel):
        state = self.env["order.channel.authorization"].with_user(self.manager)._start(channel)
        self.env.flush_all()
        return state

    def test_what_is_over_is_forgotten(self):
        model = self.env["order.channel.authorization"]
        self.set_out(self.consent_channel())
        model._forget()
        self.assertEqual(model.search_count([]), 1)
        with self.later(minutes=60 * 25):
            model._forget()
        self.assertFalse(model.search_count([]))


class TestDelivery(ConsentMixin, ChannelHttpCase):
    """Keys that the marketplace's own server delivers before the seller's browser is back."""

    def test_delivered_keys_connect_on_return(self):
        channel = self.consent_channel(method="keys")
        state = self.set_out(channel)
        response = self.deliver(state)
        self.assertEqual(response.status_code, 200)
        self.assertNotIn("Set-Cookie", response.headers)
        self.env.cr.execute("SELECT a::text FROM order_channel_authorization a")
        self.assertNotIn(KEY, str(self.env.cr.fetchall()), "sealed")
        self.assertEqual(channel.state, "draft", "the marketplace's word alone connects nothing")
        self.come_back(state)
        self.assertEqual((channel.state, channel.auth_method), ("connected", "keys"))
        self.assertEqual(channel.account_id._secrets(), {"client_secret": SECRET, "access_token": KEY})
        self.assertFalse(self.market.exchanges, "nothing to ask for")
        self.env.cr.execute("SELECT count(*) FROM order_channel_authorization WHERE grant_data IS NOT NULL")
        self.assertEqual(self.env.cr.fetchone(), (0,))

    def test_keys_come_once_and_only_for_somebody_who_is_under_way(self):
        channel = self.consent_channel(method="keys")
        state, late, used = (self.set_out(channel) for __ in range(3))
        self.market.granted = AuthError("Not delivered.", "keys_not_delivered")
        self.come_back(used)
        self.assertIn("deliver the keys", channel.authorization_message)
        with self.later(minutes=16):
            answers = [self.deliver(late), self.deliver(used)]
        with self.later(minutes=-16):
            self.assertEqual(self.deliver(state).status_code, 200)
        answers += [
            self.deliver(state),
            self.deliver(state[:-2] + "xx"),
            self.deliver(""),
            self.deliver(state, provider="offline"),
            self.deliver(state, body="not json"),
            self.deliver(state, body='{"state": 5, "key": "x"}'),
            self.deliver(state, body="[]"),
        ]
        self.assertEqual({(answer.status_code, answer.text) for answer in answers}, {(404, "Not found")})
        self.env.cr.execute("SELECT count(*) FROM order_channel_authorization WHERE grant_data IS NOT NULL")
        self.assertEqual(self.env.cr.fetchone(), (1,))

    def test_a_large_body_is_not_read(self):
        channel = self.consent_channel(method="keys")
        state = self.set_out(channel)
        padding = " " * 17 * 1024
        with mute_logger("odoo.http"):
            self.assertEqual(self.deliver(state, body=f'{{"state": "{state}", "key": "x"}}{padding}').status_code, 413)
        self.assertEqual(
            self.deliver(state, body=f'{{"state": "{state}", "key": "x"}}{padding[:10000]}').status_code, 200
        )

    def test_keys_that_come_after_the_return_are_not_taken(self):
        channel = self.consent_channel(method="keys")
        state = self.set_out(channel)
        self.market.granted = AuthError("", "keys_not_delivered")
        self.come_back(state)
        self.assertEqual(self.deliver(state).status_code, 404)
        self.assertEqual(channel.account_id._secrets(), {"client_secret": SECRET})

    def test_nothing_secret_is_logged(self):
        root = logging.getLogger()
        lines = []
        handler = logging.Handler(logging.INFO)
        handler.emit = lambda record: lines.append(record.getMessage())
        channel = self.consent_channel(method="keys")
        state = self.set_out(channel)
        ours = logging.getLogger(LOGGER)
        level = ours.level
        root.addHandler(handler)
        ours.setLevel(logging.DEBUG)
        try:
            self.deliver(state)
            self.come_back(state)
        finally:
            ours.setLevel(level)
            root.removeHandler(handler)
        ours = "".join(line for line in lines if "HTTP/1" not in line)  # the server's log of addresses is not ours
        self.assertNotIn(KEY, "".join(lines))
        self.assertNotIn(state, ours)
