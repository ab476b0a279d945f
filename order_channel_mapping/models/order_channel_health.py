from collections import Counter
from datetime import timedelta
from typing import Any, NamedTuple

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..connectors import connector_classes
from ..connectors.base import AuthError, ConnectorError, RateLimited, Unavailable
from ..connectors.storable import is_id, name_of, plain_json, plain_text, short_json
from .order_channel_pass import CRONS


class _FailureEntry(NamedTuple):
    """What is put on record of a failed record, all of it storable."""

    ref: str
    code: str
    params: dict
    payload: Any
    can_be_asked_for: bool  # the marketplace knows it by this name

    @classmethod
    def of(cls, entry):
        ref, code, params, payload = entry
        return cls(
            name_of(ref, payload),
            plain_text(code, 100) or "bad_payload",
            {
                name: plain_text(value) if isinstance(value, str) else value
                for name, value in plain_json(params or {}).items()
            },
            short_json(payload) if payload else None,
            is_id(ref),
        )


class OrderChannel(models.Model):
    """The connector, what becomes of its errors, and what is put on record: health, runs, failures."""

    _inherit = "order.channel"

    error_count = fields.Integer(readonly=True, copy=False)  # passes that ended in an error, in a row

    # === CONNECTOR === #

    def _get_connector(self):
        """The connector of this channel's marketplace, ready to use as a context manager.

        :rtype: connectors.base.Connector
        """
        self.ensure_one()
        connector_class = connector_classes().get(self.provider)
        if not connector_class:
            raise UserError(self.env._("%(channel)s has no marketplace to ask.", channel=self.display_name))
        account = self.account_id.sudo()
        return connector_class(account._login(self), account._ports())

    def _handle_connector_error(self, error, run=None):
        """Turn a connector's error into the channel's health and the time of its next try; close the run."""
        self.ensure_one()
        if not isinstance(error, ConnectorError):
            raise error
        params = {"message": error.message}
        if isinstance(error, RateLimited):
            self._set_health("waiting", error.code, params, next_try=self._next_try_after(error.retry_at))
        elif isinstance(error, AuthError):
            self._set_health("needs_reauth", error.code, params)
        elif isinstance(error, Unavailable):
            self._set_health("waiting", error.code, params, backoff=True)
        else:
            self._set_health("failing", error.code, params, backoff=True)
        if run:
            run._close("failed", error.code, params)

    def _set_health(self, health, code=None, params=None, next_try=None, backoff=False):
        """The one place that changes a channel's health. ``backoff`` waits 1, 2, 4 … 60 minutes."""
        self.ensure_one()
        if health == "ok":
            if self.health != "ok" or self.error_count or self.next_try_at:
                self.write(
                    {
                        "health": "ok",
                        "health_code": False,
                        "health_params": False,
                        "next_try_at": False,
                        "error_count": 0,
                    }
                )
            return
        count = self.error_count + 1
        if backoff:
            next_try = fields.Datetime.now() + timedelta(minutes=min(2 ** min(count - 1, 6), 60))
        if health == "needs_reauth" and self.health != health:
            self._ask_for_reauthorisation(code, params)
        self.write(
            {
                "health": health,
                "health_code": code,
                "health_params": params,
                "next_try_at": next_try,
                "error_count": count,
            }
        )
        if next_try:
            for kind in CRONS:
                cron = self[f"{kind}_cron_id"]
                if cron:
                    cron._trigger(at=next_try)

    def _ask_for_reauthorisation(self, code, params):
        """Tell a person, once, that the channel needs its credentials again."""
        responsible = self.user_id or self.create_uid
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            user_id=responsible.id,
            summary=self.env._("%(channel)s needs to be authorised again", channel=self.name),
        )

    # === RUNS AND FAILURES === #

    def _open_run(self, kind, full=False):
        """The run that this pass belongs to: the one still under way or asked for, else a new one."""
        self.ensure_one()
        Run = self.env["order.channel.run"]
        run = Run.search(
            [("channel_id", "=", self.id), ("kind", "=", kind), ("state", "in", ("running", "queued"))],
            order="state desc, id",
            limit=1,
        )
        if not run:
            return Run.create(
                {
                    "channel_id": self.id,
                    "company_id": self.company_id.id,
                    "kind": kind,
                    "full": full,
                    "state": "running",
                }
            )
        if run.state == "queued":
            run.write({"state": "running", "full": full, "started_at": fields.Datetime.now()})
        return run

    def _record_failures(self, kind, run, entries):
        """Put records that could not be taken on record, one open failure each. Whatever a record says, its failure can be
        stored; one that can't even so is stored without what the record said.

        :param entries: ``[(external_ref, code, params, payload)]``
        """
        Failure = self.env["order.channel.failure"]
        if not entries:
            return Failure
        entries = {entry.ref: entry for entry in map(_FailureEntry.of, entries)}
        __, lost = self._isolated(list(entries.values()), lambda batch: self._write_failures(kind, run, batch))
        for entry, error in lost:
            params = {"error": type(error).__name__}
            self._write_failures(kind, run, [entry._replace(code="internal", params=params, payload=None)])
        return Failure.search(
            [
                ("channel_id", "=", self.id),
                ("kind", "=", kind),
                ("state", "=", "open"),
                ("external_ref", "in", list(entries)),
            ]
        )

    def _write_failures(self, kind, run, entries):
        """Add failures, and count a further try of those that are open.

        :rtype: Counter
        """
        Failure = self.env["order.channel.failure"]
        entries = {entry.ref: entry for entry in entries}
        counts = Counter(failures=len(entries))
        known = Failure.search(
            [
                ("channel_id", "=", self.id),
                ("kind", "=", kind),
                ("state", "=", "open"),
                ("external_ref", "in", list(entries)),
            ]
        )
        for failure in known:
            entry = entries.pop(failure.external_ref)
            failure._fail_again(run, entry.code, entry.params, entry.payload)
            if not entry.can_be_asked_for:
                failure.next_try_at = False
        Failure.create(
            [
                {
                    "channel_id": self.id,
                    "company_id": self.company_id.id,
                    "kind": kind,
                    "run_id": run.id if run else False,
                    "external_ref": entry.ref,
                    "reason_code": entry.code,
                    "reason_params": entry.params,
                    "payload": entry.payload,
                    "next_try_at": entry.can_be_asked_for and Failure._next_try(1),
                }
                for entry in entries.values()
            ]
        )
        Failure.flush_model()  # a bad value shows here, inside the batch's savepoint
        return counts

    def _solve_failures(self, kind, refs, domain=Domain.TRUE):
        """Close the failures of records that came in good.

        :param domain: those of which this is true
        """
        self.env["order.channel.failure"].search(
            domain
            & Domain(
                [
                    ("channel_id", "=", self.id),
                    ("kind", "=", kind),
                    ("state", "=", "open"),
                    ("external_ref", "in", list(refs)),
                ]
            )
        ).write({"state": "solved", "next_try_at": False})

    def _open_failure_refs(self, kind):
        """The channel's ids of the records that have an open failure.

        :rtype: set[str]
        """
        failures = self.env["order.channel.failure"].search_fetch(
            [("channel_id", "=", self.id), ("kind", "=", kind), ("state", "=", "open")], ["external_ref"]
        )
        return set(failures.mapped("external_ref"))
