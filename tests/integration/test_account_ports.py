"""The ports that connectors are given: what is put is committed at once, and workers that renew tokens take turns."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager

from odoo import SUPERUSER_ID, api
from odoo.tests import patch
from odoo.tools import mute_logger

from odoo.addons.order_channel_mapping.connectors.base import Unavailable
from odoo.addons.order_channel_mapping.models import order_channel_account_ports

from tests.common import ChannelCase

from .connect_common import TOKEN, ConnectMixin


class TestPorts(ConnectMixin, ChannelCase):
    """On an account that is really committed, with real cursors: those of a pass and of other workers."""

    def setUp(self):
        super().setUp()
        with self.worker() as env:
            self.account_id = (
                env["order.channel.account"]
                .create({"name": "Committed", "provider": "shopify", "access_token": TOKEN})
                .id
            )
        self.addCleanup(self._delete)
        pass_cr = self.env.registry.cursor()
        self.addCleanup(pass_cr.close)
        self.account = self.account_of(api.Environment(pass_cr, SUPERUSER_ID, {}))

    @contextmanager
    def worker(self):
        """The environment of another worker; committed at the end."""
        with self.env.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    def account_of(self, env):
        return env["order.channel.account"].browse(self.account_id)

    def _delete(self):
        with self.worker() as env:
            self.account_of(env).unlink()

    def seen_elsewhere(self):
        with self.worker() as env:
            ports = self.account_of(env)._ports()
            return ports.tokens.get("refresh_token"), ports.pace.get()

    def test_what_is_put_is_committed_at_once(self):
        ports = self.account._ports()
        self.account.name = "Changed, then rolled back"
        self.account.env.flush_all()
        ports.tokens.put(refresh_token="r1")
        ports.pace.put({"available": 900})
        self.account.env.cr.rollback()
        self.assertEqual(self.seen_elsewhere(), ("r1", {"available": 900}))

    def test_tokens_are_sealed(self):
        self.account._ports().tokens.put(refresh_token="refresh-me")
        with self.worker() as env:
            env.cr.execute("SELECT row_to_json(s)::text FROM order_channel_account_session s")
            rows = [row for (row,) in env.cr.fetchall()]
        self.assertTrue(rows)
        self.assertNotIn("refresh-me", "".join(rows))

    def test_a_transaction_never_conflicts_with_the_ports(self):
        """The account that a transaction reads and writes is not the row that the ports write."""
        self.account.read(["name"])
        self.account._ports().tokens.put(refresh_token="r1")
        self.account.name = "Still writable"
        self.account.env.cr.commit()
        with self.worker() as env:
            self.assertEqual(self.account_of(env).name, "Still writable")

    def test_workers_that_put_at_once_lose_nothing(self):
        names = [f"token_{number}" for number in range(3)]
        barrier = threading.Barrier(len(names))
        errors = []

        def put(name):
            try:
                with self.worker() as env:
                    tokens = self.account_of(env)._ports().tokens
                    barrier.wait(10)
                    tokens.put(**{name: name})
            except Exception as error:
                errors.append(error)

        with mute_logger("odoo.sql_db"):
            threads = [threading.Thread(target=put, args=(name,)) for name in names]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(30)
        self.assertFalse(errors)
        tokens = self.account._ports().tokens
        self.assertEqual([tokens.get(name) for name in names], names)

    def test_new_credentials_make_old_tokens_void(self):
        old = self.account._ports().tokens
        old.put(refresh_token="of the old login")
        self.account.env.cr.rollback()
        self.account.access_token = "shpat_new"
        self.account.env.cr.commit()
        new = self.account._ports().tokens
        self.assertIsNone(new.get("refresh_token"))
        new.put(refresh_token="of the new login")
        for late in (lambda: old.put(refresh_token="late"), lambda: old.lock().__enter__()):
            with self.assertRaises(Unavailable) as raised:
                late()
            self.assertEqual(raised.exception.code, "credentials_renewed", "nobody has to authorise again for that")
        self.assertEqual(new.get("refresh_token"), "of the new login")

    def test_pacing_that_nobody_kept_is_empty(self):
        self.assertEqual(self.account._ports().pace.get(), {})

    # === THE LOCK === #

    def at_once(self, works):
        """Run each function of a token port in a worker of its own, all at once; return what they raised."""
        barrier = threading.Barrier(len(works))
        errors = []

        def run(work):
            try:
                with self.worker() as env:
                    tokens = self.account_of(env)._ports().tokens
                    tokens.get("refresh_token")  # each has looked before any renews
                    barrier.wait(20)
                    work(tokens)
            except Exception as error:
                errors.append(error)

        with mute_logger("odoo.sql_db"):
            threads = [threading.Thread(target=run, args=(work,)) for work in works]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(40)
        return errors

    def test_of_workers_that_renew_at_once_one_does(self):
        self.account._ports().tokens.put(refresh_token="r0")
        renewed = []

        def renew(tokens):
            with tokens.lock() as held:
                token = held.get("refresh_token")
                if token == "r0":
                    time.sleep(0.2)  # the marketplace takes its time; the others wait meanwhile
                    renewed.append(token)
                    held.put(refresh_token="r1")
                else:
                    self.assertEqual(token, "r1", "fresh, not what was read before")

        self.assertEqual(self.at_once([renew] * 4), [])
        self.assertEqual(renewed, ["r0"])
        self.assertEqual(self.seen_elsewhere()[0], "r1")

    def test_each_one_of_many_sees_what_the_one_before_put(self):
        """Also where nothing was kept yet and the first one makes the row."""

        def count(tokens):
            with tokens.lock() as held:
                held.put(refresh_token=str(int(held.get("refresh_token") or 0) + 1))

        self.assertEqual(self.at_once([count] * 5), [])
        self.assertEqual(self.seen_elsewhere()[0], "5")

    def test_who_holds_the_tokens_may_say_what_it_learnt_of_limits(self):
        ports = self.account._ports()
        with self.short_of_patience(), ports.tokens.lock() as held:
            ports.pace.put({"available": 5})
            held.put(refresh_token="r1")
            ports.tokens.put(access_token="a1")
        self.assertEqual(self.seen_elsewhere(), ("r1", {"available": 5}))

    def test_a_lock_that_ends_without_put_or_in_an_error_is_given_back(self):
        ports = self.account._ports()
        with ports.tokens.lock():
            pass
        with self.assertRaises(ZeroDivisionError), ports.tokens.lock():
            raise ZeroDivisionError
        with self.short_of_patience(), ports.tokens.lock() as held:
            held.put(refresh_token="r1")
            held.put(access_token="a1")
            self.assertEqual((held.get("refresh_token"), held.get("access_token")), ("r1", "a1"))

    def test_who_waits_too_long_is_told(self):
        with self.account._ports().tokens.lock(), self.worker() as env, self.short_of_patience():
            with mute_logger("odoo.sql_db"), self.assertRaises(Unavailable) as raised:
                self.account_of(env)._ports().tokens.lock().__enter__()
            self.assertEqual(raised.exception.code, "busy")

    @staticmethod
    def short_of_patience():
        return patch.object(order_channel_account_ports, "LOCK_SECONDS", 0.3)

    def test_an_account_that_this_transaction_makes_needs_no_lock(self):
        account = self.account.create({"name": "Not committed", "provider": "shopify"})
        tokens = account._ports().tokens
        with tokens.lock() as held:
            held.put(refresh_token="r1")
        self.assertEqual(tokens.get("refresh_token"), "r1")
        self.account.env.cr.rollback()
