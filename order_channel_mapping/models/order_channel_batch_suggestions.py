from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools.guard import permitted
from .order_channel_batch import AT_ONCE


class OrderChannelBatch(models.Model):
    """Accepting the suggestions above a score, as a change that is looked at first and can be undone."""

    _inherit = "order.channel.batch"

    kind = fields.Selection(selection_add=[("suggestions", "Accept suggestions")], ondelete={"suggestions": "cascade"})
    suggestion_threshold = fields.Float(string="Accept Above", default=90.0)  # score, 0 to 100
    suggestion_count = fields.Integer(string="Suggestions Above", compute="_compute_suggestion_count")

    @api.depends("suggestion_threshold", "selection", "kind", "channel_ids")
    def _compute_suggestion_count(self):
        for batch in self:
            batch.suggestion_count = (
                self.env["order.channel.listing"].search_count(batch._listing_domain())
                if batch.kind == "suggestions" and batch.company_id
                else 0
            )

    def _listing_domain(self):
        """Of the chosen listings, those whose best suggestion is good enough."""
        domain = super()._listing_domain()
        if self.kind == "suggestions":
            domain &= Domain("state", "=", "unconfirmed") & Domain("suggestion_score", ">=", self.suggestion_threshold)
            domain &= Domain("suggestion_id", "!=", False)
        return domain

    def _check_choices(self):
        if self.kind == "suggestions" and not 1 <= self.suggestion_threshold <= 100:
            raise UserError(self.env._("Choose a percentage from 1 to 100."))
        return super()._check_choices()

    def _prepare_suggestions(self, listings):
        """Link each listing to what fits it best; where a second product fits as well, a person chooses."""
        suggestions = self.env["order.channel.suggestion"].search(
            [("listing_id", "in", listings.ids), ("state", "=", "open")], order="listing_id, score desc, product_id"
        )
        lines = []
        for listing, candidates in suggestions.grouped("listing_id").items():
            best, tied = candidates[0], len(candidates._tied()) > 1
            lines.append(
                {
                    "listing_id": listing.id,
                    "action": "link",
                    "method": "suggestion",
                    "outcome": "ambiguous" if tied else "change",
                    "product_id": best.product_id.id,
                    "quantity": best.quantity,
                    "score": best.score,
                    "reason_code": "match_ties" if tied else False,
                    "values": {"reasons": best.reasons},
                }
            )
        return lines


class OrderChannelBatchLine(models.Model):
    """Why a product is suggested, in words."""

    _inherit = "order.channel.batch.line"

    @api.depends("values", "method")
    @api.depends_context("lang")
    def _compute_text(self):
        result = super()._compute_text()
        for line in self:
            if line.method == "suggestion" and not line.text:
                line.text = self.env["order.channel.suggestion"]._reasons_text((line.values or {}).get("reasons"))
        return result


class OrderChannelListing(models.Model):
    """The buttons about suggestions."""

    _inherit = "order.channel.listing"

    suggestion_tie_count = fields.Integer(compute="_compute_suggestion_tie_count")  # 0: one product fits best

    @api.depends("suggestion_id", "suggestion_ids.score", "suggestion_ids.state")
    def _compute_suggestion_tie_count(self):
        tied = self._tied_suggestions()
        for listing in self:
            listing.suggestion_tie_count = len(tied.get(listing._origin, ()))

    def _tied_suggestions(self):
        """The products that fit a listing about equally well, where there are several; one query for all listings.

        :return: ``{listing: order.channel.suggestion records}``
        """
        open_ones = self.env["order.channel.suggestion"].search(
            [("listing_id", "in", self.filtered("suggestion_id").ids), ("state", "=", "open")],
            order="listing_id, score desc, id",
        )
        tied = {listing: candidates._tied() for listing, candidates in open_ones.grouped("listing_id").items()}
        return {listing: candidates for listing, candidates in tied.items() if len(candidates) > 1}

    def action_accept_suggestion(self):
        """Link to the best suggestion, or ask where several products fit about equally well.

        The context's ``seen_suggestion_id`` is the one that the person looked at.
        """
        self.ensure_one()
        seen = self.env["order.channel.suggestion"].browse(self.env.context.get("seen_suggestion_id") or [])
        listing = self._as_mapper()
        if listing.state != "unconfirmed":
            raise UserError(listing._say_who_changed())
        if not seen or seen != listing.suggestion_id.sudo(False):
            raise UserError(self.env._("Another product fits better by now. Look at the item again."))
        if self.suggestion_tie_count:
            return self.action_open_link()
        return listing.suggestion_id.with_env(self.env).action_accept()

    def action_accept_suggestions(self):
        """Accept what is suggested above a score for these listings, or for all unconfirmed ones that the list shows: looked at
        first."""
        permitted(self)
        chosen = [("id", "in", self.ids)] if self else [("state", "=", "unconfirmed"), ("gone", "=", False)]
        shown = Domain.TRUE if self else self._shown_domain()
        if not shown.is_true():
            # as the user, who may filter by nothing that they don't see
            chosen = [("id", "in", self.search(shown & Domain(chosen)).ids)]
        company = self.company_id or self.env.company
        if len(company) != 1:
            raise UserError(self.env._("Choose items of one company."))
        channels = self.channel_id or self._shown_channels()
        batch = self.env["order.channel.batch"]._new("suggestions", company, channels, selection=chosen)
        return batch.with_env(self.env).action_open()

    def action_suggest(self):
        """Look for products again: few at once, many in the background."""
        listings = permitted(self).filtered(lambda listing: listing.state == "unconfirmed")
        if not listings:
            raise UserError(self.env._("Choose items that are not linked yet."))
        Suggestion = self.env["order.channel.suggestion"].sudo()
        if len(listings) <= AT_ONCE:
            Suggestion._read_product_chunk()
            listings._suggest()
            found = len(listings.filtered("suggestion_id"))
            return self._notify_done(
                self.env._("%(found)s of %(all)s items have a suggestion.", found=found, all=len(listings))
            )
        listings.write({"suggested_at": False})
        Suggestion._wake()
        return self._notify_done(
            self.env._("Products are being looked for, for %(number)s items.", number=len(listings))
        )
