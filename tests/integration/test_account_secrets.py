"""Rule 13: secrets are sealed, never come back, and a lost key asks for them again. The ports: committed at once."""

from __future__ import annotations

import json
import logging
import os
from contextlib import contextmanager
from datetime import timedelta

from cryptography.fernet import Fernet

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import JsonRpcException, patch
from odoo.tools import mute_logger

from odoo.addons.order_channel_mapping.connectors import connector_classes
from odoo.addons.order_channel_mapping.connectors.base import AuthError
from odoo.addons.order_channel_mapping.models.order_channel_account import ALLOW_INSECURE
from odoo.addons.order_channel_mapping.tools.secret_box import ENVIRONMENT, SecretBox

from tests.common import ChannelCase, ChannelHttpCase

from .connect_common import SECRET, STORE, TOKEN, ConnectMixin

SECRET_FIELDS = ["access_token", "client_secret"]


class TestSealing(ConnectMixin, ChannelCase):
    def setUp(self):
        super().setUp()
        self.channel = self.new_channel()
        self.account = self.channel.account_id

    def sealed(self):
        self.env.flush_all()
        self.env.cr.execute("SELECT secret_data FROM order_channel_account WHERE id = %s", [self.account.id])
        return self.env.cr.fetchone()[0]

    def test_what_is_stored_is_sealed(self):
        self.assertTrue(self.sealed())
        self.env.cr.execute("SELECT row_to_json(a)::text FROM order_channel_account a WHERE id = %s", [self.account.id])
        self.assertNotIn(TOKEN, self.env.cr.fetchone()[0])
        self.assertEqual(self.account._secrets(), {"access_token": TOKEN})

    def test_secrets_add_up_and_the_last_one_counts(self):
        self.account.client_secret = SECRET
        self.account.access_token = "shpat_second"
        self.assertEqual(self.account._secrets(), {"access_token": "shpat_second", "client_secret": SECRET})

    def test_an_account_can_be_made_with_its_secrets(self):
        account = (
            self.env["order.channel.account"]
            .with_user(self.manager)
            .create(
                {"name": "Hats 2", "provider": "shopify", "access_token": TOKEN, "shop_domain": "hats2.myshopify.com"}
            )
        )
        self.assertFalse(account.access_token)
        self.assertEqual(account._secrets(), {"access_token": TOKEN})
        self.assertTrue(account.has_credentials)

    def test_no_way_of_reading_gives_a_secret(self):
        self.manager.group_ids += self.env.ref("base.group_allow_export")
        self.account.client_secret = SECRET
        account = self.account
        everything = [name for name in account._fields if account._has_field_access(account._fields[name], "read")]
        specification = {name: {} for name in everything}
        readings = {
            "read": account.read(everything),
            "search_read": account.search_read([("id", "=", account.id)], everything),
            "web_read": account.web_read(specification),
            "web_save": account.web_save({"access_token": TOKEN, "name": "Hats"}, specification),
            "export": account.export_data(everything),
            "copy": account.copy().read(everything),
            "copy_data": account.copy_data(),
            "onchange": account.onchange(
                {"access_token": TOKEN}, ["access_token"], {"access_token": {}, "credentials": {}}
            ),
            "channel": self.channel.read(),
            "display_name": [account.display_name, repr(account._login), str(account.sudo().credentials)],
        }
        for way, result in readings.items():
            with self.subTest(way):
                self.assertNotIn(TOKEN, str(result))
                self.assertNotIn(SECRET, str(result))

    def test_not_even_an_administrator_reaches_the_sealed_text(self):
        admin = self.env.ref("base.user_admin")
        self.assertTrue(admin.has_group("base.group_system"))
        account = self.account.with_user(admin)
        ways = {
            "read": lambda: account.read(["secret_data"]),
            "search": lambda: account.search([("secret_data", "!=", False)]),
            "order": lambda: account.search([], order="secret_data"),
            "group": lambda: account.formatted_read_group([], ["secret_data"], ["__count"]),
            "export": lambda: account.export_data(["secret_data"]),
            "write": lambda: account.write({"secret_data": "x"}),
            "session": lambda: self.env["order.channel.account.session"].with_user(admin).search_read([]),
        }
        for way, reach in ways.items():
            with self.subTest(way), mute_logger("odoo.models"), self.assertRaises(AccessError):
                reach()
        self.assertNotIn("secret_data", account.fields_get())
        self.assertNotIn("secret_data", account.read()[0])

    def test_a_copy_has_no_credentials(self):
        copy = self.account.copy()
        self.assertFalse(copy.has_credentials)
        self.assertFalse(copy.shop_domain)
        self.assertEqual(copy._secrets(), {})

    def test_users_see_no_credential_at_all(self):
        account = self.account.with_user(self.user)
        self.assertTrue(account.has_credentials)
        for name in ("access_token", "shop_domain", "credentials", "api_base_url"):
            with self.subTest(name), self.assertRaises(AccessError):
                account.read([name])
        with self.assertRaises(AccessError):
            account.write({"access_token": "x"})

    def test_only_this_marketplaces_credentials_are_taken(self):
        for values in ({"name": "x"}, {"secret_data": "x"}, {"api_base_url": "https://x"}, {"access_token": 5}):
            with self.subTest(values), self.assertRaises(UserError):
                self.account._set_credentials(values)
        with self.assertRaises(UserError):
            self.account._set_credentials({"access_token": "x" * 10000})

    def test_an_empty_credential_is_taken_away(self):
        self.account._set_credentials({"access_token": ""})
        self.assertFalse(self.account.has_credentials)


class KeyMixin(ConnectMixin):
    @contextmanager
    def key(self, *keys):
        with patch.dict(os.environ, {ENVIRONMENT: ",".join(keys)}):
            self.env.invalidate_all()
            yield
        self.env.invalidate_all()


class TestKeys(KeyMixin, ChannelCase):
    def test_another_key_asks_for_authorisation_and_does_not_crash(self):
        channel = self.connected_channel().sudo()
        for key in (Fernet.generate_key().decode(), "not a key"):
            with self.subTest(key), self.key(key), self.assertLogs("odoo.addons.order_channel_mapping", "WARNING"):
                self.assertFalse(channel.account_id.has_credentials)
                with self.assertRaises(AuthError) as raised:
                    channel.account_id._login(channel)
                self.assertEqual(raised.exception.code, "secrets_lost")
                channel._handle_connector_error(raised.exception)
                self.assertEqual((channel.health, channel.health_code), ("needs_reauth", "secrets_lost"))
                self.assertIn("key", channel.health_message)
                self.assertIsNone(channel.account_id._ports().tokens.get("access_token"))
        self.assertTrue(channel.account_id.has_credentials, "the key is back: nothing was destroyed")

    def test_after_a_lost_key_entering_again_heals(self):
        channel = self.connected_channel()
        with self.key(Fernet.generate_key().decode()), self.assertLogs("odoo.addons.order_channel_mapping", "WARNING"):
            channel.account_id.access_token = "shpat_again"
            self.assertEqual(channel.account_id._secrets(), {"access_token": "shpat_again"})
            with self.marketplace():
                channel.action_connect()
            self.assertEqual(channel.health, "ok")

    def test_nothing_is_stored_in_clear_where_nothing_can_be_sealed(self):
        account = self.new_channel(credentials=False).account_id
        with self.key("not a key"), self.assertRaises(UserError) as raised:
            account.access_token = TOKEN
        self.assertIn(ENVIRONMENT, str(raised.exception))
        self.assertNotIn(TOKEN, str(raised.exception))

    def test_a_mistyped_key_is_named_where_the_channel_says_what_is_wrong(self):
        channel = self.connected_channel().sudo()
        with self.key("not a key"), self.assertLogs("odoo.addons.order_channel_mapping", "WARNING"):
            with self.assertRaises(AuthError) as raised:
                channel.account_id._login(channel)
            channel._handle_connector_error(raised.exception)
            self.assertIn(f"Key number 1 of 1 in {ENVIRONMENT}", channel.health_message)


class TestNewKey(KeyMixin, ChannelCase):
    outsiders = True

    def reseal(self, user=None):
        user = user or self.env.ref("base.user_admin")
        return self.env["order.channel.account"].with_user(user).action_reseal()["params"]

    def test_all_comes_under_the_new_key_at_once(self):
        channel = self.connected_channel()
        account = channel.account_id
        account._ports().tokens.put(refresh_token="rotated")
        self.env["order.channel.authorization"]._start(channel)
        waiting = self.env["order.channel.authorization"].sudo()._last_of(channel)
        waiting.grant_data = account._box().seal({"grant": "[{}, {}]"})
        version = account.sudo().credentials_version
        old, new = os.environ[ENVIRONMENT], Fernet.generate_key().decode()
        with self.key(new, old):
            said = self.reseal()
            self.assertIn("sealed with the current key: 1", said["title"])
            self.assertEqual(said["type"], "success")
        with self.key(new):
            self.assertEqual(account._secrets(), {"access_token": TOKEN})
            self.assertEqual(account._ports().tokens.get("refresh_token"), "rotated")
            self.assertEqual(account._box().open(waiting.grant_data), {"grant": "[{}, {}]"})
        self.assertEqual((account.sudo().credentials_version, channel.health), (version, "ok"))

    def test_what_cant_be_opened_is_named_to_who_may_see_it(self):
        self.new_channel("Good")
        lost = self.new_channel("Lost").account_id
        other = self.new_channel("Foreign", user=self.other_manager, company_id=self.other_company.id).account_id
        sealed = SecretBox([Fernet.generate_key().decode()]).seal({"access_token": TOKEN})
        (lost | other).sudo().secret_data = sealed
        self.env.flush_all()
        manager = self.person("boss", "manager", self.company)
        manager.group_ids += self.env.ref("base.group_system")
        said = self.reseal(manager)
        self.assertEqual(said["type"], "warning")
        self.assertIn("sealed with the current key: 1", said["title"])
        self.assertIn("Lost, 1 that you can't see", said["message"])
        self.assertNotIn("Foreign", said["message"])
        self.assertEqual(lost.sudo().secret_data, sealed, "it is kept: the key may come back")

    def test_only_administrators_and_only_with_a_good_key(self):
        self.new_channel()
        with self.assertRaises(AccessError):
            self.reseal(self.manager)
        with self.key("not a key"), self.assertRaisesRegex(UserError, ENVIRONMENT):
            self.reseal()


class TestLogin(ConnectMixin, ChannelCase):
    def test_a_login_holds_what_the_connector_asks_for_and_shows_no_secret(self):
        channel = self.connected_channel()
        login = channel.account_id._login(channel)
        self.assertEqual(dict(login.secrets), {"shop_domain": "hats.myshopify.com", "access_token": TOKEN})
        self.assertEqual((login.base_url, login.site, login.allow_insecure), (None, "", False))
        self.assertNotIn(TOKEN, repr(login))
        self.assertEqual(login.location, channel.push_location_id.external_id or None)
        shelf = self.env["order.channel.location"].create(
            {"channel_id": channel.id, "external_id": "gid://shopify/Location/7", "name": "Shelf"}
        )
        channel.push_location_id = shelf
        self.assertEqual(channel.account_id._login(channel).location, "gid://shopify/Location/7")

    def test_unchecked_credentials_are_for_connect_only(self):
        channel = self.connected_channel()
        for change in ({"access_token": "shpat_new"}, {"shop_domain": "other.myshopify.com", "access_token": TOKEN}):
            with self.subTest(change):
                channel.account_id.write(change)
                with self.assertRaises(AuthError) as raised, channel._get_connector():
                    pass
                self.assertEqual(raised.exception.code, "credentials_changed")
                with self.marketplace(STORE):
                    channel.action_connect()
                self.assertTrue(channel.account_id._login(channel))

    def test_the_test_servers_address_is_for_administrators(self):
        channel = self.connected_channel()
        account = channel.account_id
        with self.assertRaises(AccessError):
            account.api_base_url = "https://127.0.0.1"
        account = account.with_user(self.env.ref("base.user_admin"))
        with self.assertRaises(ValidationError):
            account.api_base_url = "http://127.0.0.1:8000"
        self.env["ir.config_parameter"].set_param(ALLOW_INSECURE, "True")
        account.api_base_url = "http://127.0.0.1:8000"
        self.assertEqual(channel.health_code, "address_changed", "another address is another party")
        account.access_token = TOKEN
        with self.marketplace():
            channel.action_connect()
        login = account._login(channel)
        self.assertEqual((login.base_url, login.allow_insecure), ("http://127.0.0.1:8000", True))


class TestAddress(ConnectMixin, ChannelCase):
    """Keys go to the address that they were entered for: whoever can't read them can't have them sent elsewhere either."""

    def setUp(self):
        super().setUp()
        self.channel = self.connected_channel()
        self.account = self.channel.account_id
        self.account._set_tokens({"refresh": "kept"})

    def check_gone(self):
        self.assertEqual(self.account._secrets(), {})
        self.assertFalse(self.account.has_credentials)
        self.assertIsNone(self.account._ports().tokens.get("refresh"))
        self.assertEqual((self.channel.health, self.channel.health_code), ("needs_reauth", "address_changed"))
        self.assertRegex(self.channel.health_message, "keys were removed")

    def test_another_address_needs_the_keys_again(self):
        self.account.shop_domain = "other.myshopify.com"
        self.check_gone()

    def test_another_address_by_the_route_as_well(self):
        self.account._set_credentials({"shop_domain": "other.myshopify.com"})
        self.check_gone()

    def test_by_way_of_none(self):
        self.account.shop_domain = False
        self.account.shop_domain = "other.myshopify.com"
        self.check_gone()

    def test_the_api_address_too(self):
        self.env["ir.config_parameter"].set_param(ALLOW_INSECURE, "True")
        self.account.with_user(self.env.ref("base.user_admin")).api_base_url = "http://127.0.0.1:8000"
        self.check_gone()

    def test_by_way_of_another_marketplace(self):
        """Before it is connected an account can become one of another marketplace, and then the first one's again."""
        account = self.new_channel("Shoes").account_id
        account.provider = "woocommerce"
        self.assertEqual(account._secrets(), {})
        account.shop_domain = "other.myshopify.com"
        account.provider = "shopify"
        self.assertEqual(account._secrets(), {})
        account = self.new_channel("Gloves").account_id
        account.store_url = "https://other.example.com"
        self.assertEqual(account._secrets(), {})

    def test_keys_that_come_with_the_address_are_kept_and_no_others(self):
        self.account._set_credentials({"client_secret": SECRET})
        self.account.write({"shop_domain": "other.myshopify.com", "access_token": "shpat_theirs"})
        self.assertEqual(self.account._secrets(), {"access_token": "shpat_theirs"})
        self.assertEqual(self.channel.health_code, "credentials_changed")
        self.account._set_credentials({"shop_domain": "third.myshopify.com", "client_secret": SECRET})
        self.assertEqual(self.account._secrets(), {"client_secret": SECRET})

    def test_the_same_address_in_other_letters_keeps_them(self):
        self.account.shop_domain = " HATS.myshopify.com/ "
        self.assertEqual(self.account._secrets(), {"access_token": TOKEN})
        self.account._set_credentials({"shop_domain": "hats.myshopify.com", "client_id": "7"})
        self.assertEqual(self.account._secrets(), {"access_token": TOKEN})

    def test_every_marketplace_says_which_of_its_credentials_is_the_address(self):
        for provider, connector_class in connector_classes().items():
            with self.subTest(provider):
                addresses = [field for field in connector_class.credential_fields if field.address]
                self.assertTrue(addresses)
                self.assertFalse([field.name for field in addresses if field.secret])


class _Everything(logging.Handler):
    """Collects all that any logger says, arguments included."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.text = []

    def emit(self, record):
        self.text.append(f"{record.name} {record.getMessage()} {record.args!r} {record.exc_text or ''}")


class TestRoute(ConnectMixin, ChannelHttpCase):
    """Secrets come in by a route of their own, which nothing logs and no stranger uses."""

    outsiders = True

    def setUp(self):
        super().setUp()
        self.channel = self.new_channel(credentials=False)
        self.account = self.channel.account_id

    def post(self, login, values, account_id=None):
        self.authenticate(login, login)
        return self.make_jsonrpc_request(
            f"/order_channel_mapping/account/{account_id or self.account.id}/secret", {"values": values}
        )

    def test_a_manager_enters_credentials(self):
        result = self.post("channel_manager", {"access_token": f" {TOKEN} ", "shop_domain": "hats.myshopify.com"})
        self.assertNotIn(TOKEN, json.dumps(result))
        self.assertEqual(result["method"], "token")
        (entries,) = (way["fields"] for way in result["methods"] if way["code"] == "token")
        self.assertEqual({entry["name"] for entry in entries if entry["set"]}, {"access_token", "shop_domain"})
        self.assertEqual(self.account._secrets(), {"access_token": TOKEN})
        self.post("channel_manager", {"access_token": None})
        self.assertEqual(self.account._secrets(), {})

    @contextmanager
    def all_that_is_logged(self):
        """A list that the texts of all records of all loggers are added to, down to debug level."""
        handler, root = _Everything(), logging.getLogger()
        known = [logging.getLogger(name) for name in logging.root.manager.loggerDict]
        loggers = [root, *(logger for logger in known if logger.name.partition(".")[0] in ("odoo", "werkzeug"))]
        levels = [logger.level for logger in loggers]
        root.addHandler(handler)
        try:
            for logger in loggers:
                logger.setLevel(logging.DEBUG)
            yield handler.text
        finally:
            root.removeHandler(handler)
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)

    def test_nothing_is_logged_even_at_debug_level(self):
        with self.all_that_is_logged() as texts:
            self.post("channel_manager", {"access_token": TOKEN})
            with self.assertRaises(JsonRpcException):
                self.post("channel_manager", {"no_such_credential": SECRET})
        text = "\n".join(texts)
        self.assertIn("entered access_token", text)
        self.assertIn("odoo.sql_db", text, "queries were logged")
        self.assertNotIn(TOKEN, text)
        self.assertNotIn(SECRET, text)

    def call(self, method, *args, model="order.channel.account", **kwargs):
        return self.make_jsonrpc_request(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": args, "kwargs": kwargs},
        )

    def test_a_plain_write_is_not_logged_either(self):
        """Whichever model call somebody uses instead of the route."""
        self.authenticate("channel_manager", "channel_manager")
        values = {"access_token": TOKEN, "client_secret": SECRET}
        new = {"name": "New", "provider": "shopify", **values}
        spec = {name: {} for name in ("name", *values)}
        columns = ["name", "provider", *values]
        calls = {
            "write": lambda: self.call("write", self.account.ids, values),
            "create": lambda: self.call("create", [new]),
            "web_save": lambda: self.call("web_save", self.account.ids, values, specification=spec),
            "onchange": lambda: self.call("onchange", self.account.ids, values, list(values), spec),
            "copy": lambda: self.call("copy", self.account.ids, default=values),
            "load": lambda: self.call("load", columns, [[new[name] for name in columns]]),
        }
        for name, call in calls.items():
            with self.subTest(name), self.all_that_is_logged() as texts:
                answer = json.dumps(call())
                text = "\n".join(texts)
                self.assertIn("odoo.service.model call order.channel.account", text, "calls were logged")
                for secret in (TOKEN, SECRET):
                    self.assertNotIn(secret, text)
                    if name != "onchange":  # which answers with what the form has, and keeps nothing
                        self.assertNotIn(secret, answer)

    def test_nor_by_the_interfaces_for_programs(self):
        key = (
            self.env["res.users.apikeys"]
            .with_user(self.manager)
            ._generate("rpc", "test", fields.Datetime.now() + timedelta(days=1))
        )
        values = {"access_token": TOKEN, "client_secret": SECRET}
        json2 = {"ids": self.account.ids, "vals": values}
        arguments = [
            self.env.cr.dbname,
            self.manager.id,
            key,
            "order.channel.account",
            "write",
            [self.account.ids, values],
        ]
        jsonrpc = {"params": {"service": "object", "method": "execute_kw", "args": arguments}}
        for path, body, headers in (
            ("/json/2/order.channel.account/write", json2, {"Authorization": f"Bearer {key}"}),
            ("/jsonrpc", jsonrpc, {}),
        ):
            self.account._set_credentials({"access_token": False, "client_secret": False})
            with self.subTest(path), self.all_that_is_logged() as texts:
                response = self.url_open(
                    path, data=json.dumps(body), headers={"Content-Type": "application/json", **headers}
                )
                self.assertEqual(response.status_code, 200, response.text)
                self.env.invalidate_all()
                self.assertEqual(self.account._secrets(), values, response.text)
                text = "\n".join(texts)
                self.assertIn("odoo.sql_db", text)
                self.assertNotIn(TOKEN, text)
                self.assertNotIn(SECRET, text)

    def test_strangers_are_refused_and_learn_nothing(self):
        answers = set()
        for login, account_id in (
            ("channel_user", self.account.id),
            ("channel_outsider", self.account.id),
            ("channel_other_manager", self.account.id),
            ("channel_manager", 987654321),
        ):
            self.authenticate(login, login)
            with mute_logger("odoo.http"):
                response = self.url_open(
                    f"/order_channel_mapping/account/{account_id}/secret",
                    data=json.dumps({"params": {"values": {"access_token": TOKEN}}}),
                    headers={"Content-Type": "application/json"},
                )
            self.assertNotIn(TOKEN, response.text)
            answers.add(response.json()["error"]["data"]["message"])
        self.assertEqual(answers, {"You can't enter credentials for this account."})
        self.assertEqual(self.account._secrets(), {})

    def test_nobody_logged_in_is_refused(self):
        with mute_logger("odoo.http"), self.assertRaises(JsonRpcException):
            self.make_jsonrpc_request(
                f"/order_channel_mapping/account/{self.account.id}/secret", {"values": {"access_token": TOKEN}}
            )
        self.assertEqual(self.account._secrets(), {})

    def test_no_other_site_can_post_with_the_users_session(self):
        """A form can be posted across sites; a JSON body can't. A GET would be in the log."""
        self.authenticate("channel_manager", "channel_manager")
        url = f"/order_channel_mapping/account/{self.account.id}/secret"
        body = json.dumps({"params": {"values": {"access_token": TOKEN}}})
        with mute_logger("odoo.http"):
            for headers in ({"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"}):
                response = self.url_open(url, data=body, headers=headers)
                self.assertGreaterEqual(response.status_code, 400)
            self.assertGreaterEqual(self.url_open(f"{url}?values=x", method="GET").status_code, 400)
        self.assertEqual(self.account._secrets(), {})
