from odoo import fields, models

from ..connectors.base import ConnectorError

#: why no stock is pushed, and the code of the failure that says so
LOCATION_GONE = "location_gone"


class OrderChannel(models.Model):
    """The channel's location that stock goes to, when it is gone: said once for all listings, and looked for until it is back
    or a person chooses another."""

    _inherit = "order.channel"

    def _lose_location(self, run):
        """The channel takes no quantities for its location any more: pushes rest, with one failure that says why."""
        location = self._stock_location()
        # the only location was nobody's choice yet; another that appears must not take its place by itself
        if not self.push_location_id:
            self.push_location_id = location
        location.active = False
        self._open_pushes().write({"state": "superseded"})  # all are sent again where pushes go on
        self._say_location_gone(run)

    def _say_location_gone(self, run=None):
        location = self.push_location_id
        self._record_failures("stock", run, [(location.external_id, LOCATION_GONE, {"location": location.name}, None)])

    def _lost_locations(self):
        """The failures that say that a location is lost."""
        return (
            self.env["order.channel.failure"]
            .sudo()
            .search([("channel_id", "in", self.ids), ("reason_code", "=", LOCATION_GONE), ("state", "=", "open")])
        )

    def _settle_location(self):
        """Push everything where stock goes to another location than the lost one, or that one is back."""
        for channel, failures in self._lost_locations().grouped("channel_id").items():
            if channel._stock_hold() != LOCATION_GONE:
                failures.write({"state": "solved", "next_try_at": False})
                if not channel._stock_hold():
                    self.env["order.channel.stock.change"]._mark_channel(channel, force=True)
                    channel._wake("sync")

    def _ask_for_location(self):
        """See whether a lost location is back, where that is due: as its failure is tried again, less and less often."""
        if self._stock_hold() != LOCATION_GONE:
            return
        now = fields.Datetime.now()
        if not any(failure.next_try_at and failure.next_try_at <= now for failure in self._lost_locations()):
            return
        try:
            with self._get_connector() as connector:
                self._commit()
                identity = connector.identify()  # HTTP, with no transaction open
        except ConnectorError as error:
            self._rollback()
            self._repeatable(self._handle_connector_error, error)
            return
        self._repeatable(self._store_locations, identity.locations)
