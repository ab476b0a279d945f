"""Passes of one channel as its crons call them, for :mod:`tests.integration.test_processes_database`: the database goes away
under them, or somebody else holds a row that they need. The marketplace is that of :mod:`tests.integration.worker_passes`."""

from __future__ import annotations

from itertools import count

import odoo
from odoo import SUPERUSER_ID, api

from tests.integration import worker_passes
from tests.integration.worker import say

#: the name of the sequence that numbers orders without gaps
SEQUENCE = "Gapless"


#: a busy machine needs more than one pass
PASSES = 20


def work(registry, verb, lost_at=0, lost_name=None, until_done=False):
    """One pass in this process.

    :param verb: ``sync`` or ``items``; ``numbers``: have sales orders numbered without gaps from now on
    :param lost_at: the database ends the pass's connection at the n-th point called ``lost_name``
    :param until_done: pass after pass, until nothing is left to do
    """
    cr = registry.cursor()
    env = api.Environment(cr, SUPERUSER_ID, {})
    if verb == "prepare":
        worker_passes._prepare(env)
    elif verb == "numbers":
        _number_without_gaps(env)
    else:
        worker_passes._talk_to_memory(registry, _Loss(cr, lost_at, lost_name))
        channel = env["order.channel"].search([("name", "=", "Killed shop")])
        cr.commit()
        for __ in range(PASSES):
            channel._cron_pass(verb)
            if not until_done or set(channel.run_ids.mapped("state")) <= {"done"}:
                break
        say("ended", "closed" if cr.closed else "open")
    if not cr.closed:
        cr.commit()
    cr.close()


class _Loss:
    """What :class:`tests.integration.worker.Points` is for a kill, for the end of a connection."""

    def __init__(self, cr, lost_at, lost_name):
        self.cr, self.lost_at, self.lost_name = cr, lost_at, lost_name
        self.reached = count(1)

    def __call__(self, name):
        if name == self.lost_name and next(self.reached) == self.lost_at:
            say("at", name)
            pid = self.cr.connection.get_backend_pid()
            with odoo.sql_db.db_connect("postgres").cursor() as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def _number_without_gaps(env):
    env["ir.sequence"].search([("code", "=", "sale.order")]).unlink()
    env["ir.sequence"].create({"name": SEQUENCE, "code": "sale.order", "implementation": "no_gap", "prefix": "G"})
