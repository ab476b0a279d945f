import base64
import csv
import io

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..models.order_channel_account import OFFLINE
from ..tools.guard import permitted
from ..tools.sheet_cells import shield

#: what a check that found something says of the item, the worst first
ERROR, WARNING, NOTICE = "error", "warning", "notice"
SEVERITY = {
    "sku_conflict": ERROR,
    "inactive": ERROR,
    "other_company": ERROR,
    "ambiguous": WARNING,
    "duplicate_sku": WARNING,
    "similar_sku": WARNING,
    "price_far": WARNING,
    "not_storable": WARNING,
    "no_stock_ref": WARNING,
    "no_sku": WARNING,
    "price_differs": NOTICE,
}


class OrderChannelPreflight(models.TransientModel):
    """What is wrong with the catalogue of some channels, before Go live and at any time. Nothing but the report is written.

    The checks are statements over all listings (see ``order_channel_preflight_checks.py``): as many for 100,000 as for one.
    """

    _name = "order.channel.preflight"
    _description = "Pre-Flight"
    _inherit = ["order.channel.reach"]

    channel_ids = fields.Many2many(
        "order.channel",
        string="Channels",
        default=lambda self: self.env["order.channel"].search([("state", "!=", "draft"), ("provider", "!=", OFFLINE)]),
    )
    price_percent = fields.Float(
        string="Price Differs by More Than (%)",
        default=50.0,
        required=True,
        help="How far a price may be from the product's, and from that of the same product at another channel.",
    )
    checked_at = fields.Datetime(readonly=True)
    listing_count = fields.Integer(string="Items", readonly=True)
    error_count = fields.Integer(string="Items With Errors", readonly=True)
    warning_count = fields.Integer(string="Items With Warnings Only", readonly=True)
    score = fields.Integer(readonly=True, help="0 to 100.")
    finding_ids = fields.One2many("order.channel.preflight.finding", "preflight_id", string="Findings", readonly=True)
    file = fields.Binary(compute="_compute_file")
    file_name = fields.Char(compute="_compute_file")

    _price_percent_positive = models.Constraint(
        "CHECK (price_percent > 0)", "By how many percent prices may differ must be more than 0."
    )

    @api.depends("checked_at")
    def _compute_display_name(self):
        for report in self:
            report.display_name = self.env._("Pre-Flight")

    # === CHECKING === #

    @api.model
    def _open_for(self, channels):
        """Check these channels and show what was found.

        :param channels: order.channel records that the user may see
        """
        report = self.create({"channel_ids": [Command.set(channels.ids)]})
        report._check()
        return report._open()

    def action_check(self):
        """Look again."""
        self.ensure_one()
        self._check()
        return self._open()

    def _open(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Pre-Flight"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "current",
        }

    def _check(self):
        """Make the findings anew.

        :raise UserError: no channel is chosen, or the user may not map items
        """
        self.ensure_one()
        if not self.channel_ids:
            raise UserError(self.env._("Choose a channel first."))
        channels = permitted(self.sudo(False).channel_ids)
        report = self.sudo()
        report.finding_ids.unlink()
        findings = report.finding_ids.create(
            [
                {"preflight_id": self.id, "code": code, "severity": severity, "sequence": place}
                for place, (code, severity) in enumerate(SEVERITY.items())
            ]
        )
        self.env.flush_all()
        # whole catalogues are grouped: with the few megabytes that a server's default allows, on disk
        self.env.cr.execute("SET LOCAL work_mem TO '64MB'")
        for finding in findings:
            finding._find(channels)
        findings.filtered(lambda finding: not finding.count).unlink()
        report._count(channels)

    def _count(self, channels):
        worst = dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT severity, COUNT(*) FROM (
                        SELECT row.listing_id,
                               CASE WHEN bool_or(finding.severity = 'error') THEN 'error' ELSE 'warning' END AS severity
                          FROM order_channel_preflight_row row
                          JOIN order_channel_preflight_finding finding ON finding.id = row.finding_id
                         WHERE finding.preflight_id = %s AND finding.severity != 'notice' GROUP BY row.listing_id) items
                     GROUP BY severity
                    """,
                    self.id,
                )
            )
        )
        total = self.env["order.channel.listing"].sudo().search_count(self._listing_domain(channels))
        errors, warnings = worst.get(ERROR, 0), worst.get(WARNING, 0)
        self.write(
            {
                "checked_at": fields.Datetime.now(),
                "listing_count": total,
                "error_count": errors,
                "warning_count": warnings,
                "score": self._score(total, errors, warnings),
            }
        )

    @api.model
    def _score(self, total, errors, warnings):
        """The share of items that are in order: an error counts as a whole item, a warning as half of one. Rounded down, so
        that 100 means that nothing was found.

        :rtype: int
        """
        return int(100 * (2 * total - 2 * errors - warnings) / (2 * total)) if total else 100

    @api.model
    def _listing_domain(self, channels):
        """The items that are looked at, as :meth:`_find` does."""
        return [
            ("channel_id", "in", channels.ids),
            ("kind", "=", "item"),
            ("gone", "=", False),
            ("state", "!=", "ignored"),
        ]

    # === DOWNLOAD === #

    def action_download(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/file?download=true&filename_field=file_name",
            "target": "self",
        }

    @api.depends("checked_at")
    def _compute_file(self):
        """The rows as CSV; made when it is asked for, and kept nowhere."""
        for report in self:
            report.file_name = f"preflight-{fields.Date.context_today(report)}.csv"
            report.file = report._csv()

    def _csv(self):
        """:return: base64 of the CSV file, in UTF-8 with a mark that spreadsheets know it by"""
        output = io.StringIO()
        writer = csv.writer(output)
        writer.writerow(
            [
                self.env._("Channel"),
                self.env._("ID at the Channel"),
                self.env._("SKU"),
                self.env._("Item"),
                self.env._("Price"),
                self.env._("Currency"),
                self.env._("Status"),
                self.env._("Severity"),
                self.env._("Finding"),
                self.env._("Detail"),
            ]
        )
        states = dict(self.env["order.channel.listing"]._fields["state"]._description_selection(self.env))
        severities = dict(self.finding_ids._fields["severity"]._description_selection(self.env))
        for row in self.finding_ids.row_ids:
            listing = row.listing_id
            values = (
                listing.channel_id.display_name,
                listing.external_id,
                listing.sku,
                listing.name,
                listing.price,
                listing.currency_id.name,
                states[listing.state],
                severities[row.finding_id.severity],
                row.finding_id.name,
                row.detail,
            )
            writer.writerow([shield(value) if isinstance(value, str) else value or "" for value in values])
        return base64.b64encode(output.getvalue().encode("utf-8-sig"))
