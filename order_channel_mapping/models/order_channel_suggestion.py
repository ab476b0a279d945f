import logging
import time

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.guard import permitted
from ..tools.reasons import reason_text
from .order_channel_pass import PASS_SECONDS

_logger = logging.getLogger(__name__)

#: of scores: two products that fit a listing about as well are a question for a person
TIE = 5.0
#: listings looked at in one transaction
SUGGEST_CHUNK = 1000


class OrderChannelSuggestion(models.Model):
    """A product that a listing may stand for: how well it fits, why, and what a person said to it.

    Worked out in the background for unconfirmed listings (``order_channel_suggest.py``); what was accepted or refused stays.
    """

    _name = "order.channel.suggestion"
    _description = "Product Suggestion"
    _inherit = ["order.channel.guarded", "order.channel.transactional"]
    _order = "listing_id, state, score desc, id"
    _rec_name = "product_id"

    listing_id = fields.Many2one(
        "order.channel.listing", string="Item", required=True, index=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    product_id = fields.Many2one("product.product", required=True, index=True, ondelete="cascade", readonly=True)
    quantity = fields.Float(string="Units", digits="Product Unit", default=1.0, required=True, readonly=True)
    score = fields.Float(string="Fits", readonly=True, help="0 to 100: how much speaks for it.")
    reasons = fields.Json(readonly=True)  # [[code, params]], what weighs most first
    state = fields.Selection(
        [("open", "Open"), ("accepted", "Accepted"), ("refused", "Refused")],
        default="open",
        required=True,
        readonly=True,
    )
    user_id = fields.Many2one("res.users", string="Decided By", readonly=True)
    decided_at = fields.Datetime(string="Decided On", readonly=True)
    text = fields.Char(string="Why", compute="_compute_text")

    _pair_uniq = models.UniqueIndex("(listing_id, product_id)", "This product is suggested for the item already.")
    _open_idx = models.Index("(listing_id, score) WHERE state = 'open'")
    _quantity_positive = models.Constraint("CHECK (quantity > 0)", "A mapping needs a quantity above zero.")

    @api.depends("reasons")
    @api.depends_context("lang")
    def _compute_text(self):
        for suggestion in self:
            suggestion.text = suggestion._reasons_text(suggestion.reasons)

    @api.model
    def _reasons_text(self, reasons):
        """In one line: ``Same barcode, similar name, but the price differs by +80 %``.

        :param reasons: ``[[code, params]]``
        """
        text = ", ".join(reason_text(self.env, code, params)[0] for code, params in reasons or ())
        return text[:1].upper() + text[1:]

    def _tied(self):
        """Those of one listing's open suggestions, the best first, that fit about as well as the best."""
        return self.filtered(lambda suggestion: suggestion.score > self[0].score - TIE)

    # === ACTIONS: what people may do (group and company are checked, then done in sudo) === #

    def action_accept(self):
        """Link the listing to this product."""
        self.ensure_one()
        listing = self.listing_id._as_mapper()
        suggestion = self.sudo().exists()
        if listing.state != "unconfirmed":
            raise UserError(listing._say_who_changed())
        if not suggestion:
            raise UserError(self.env._("This suggestion is out of date. Look at the item again."))
        listing._link_batch([(listing, [(suggestion.product_id.id, suggestion.quantity)], "suggestion")])
        return listing._notify_done(
            self.env._(
                "%(item)s is linked to %(product)s.",
                item=listing.display_name,
                product=suggestion.product_id.display_name,
            )
        )

    def action_refuse(self):
        """Never propose this product for the listing again, nor link it by itself."""
        listings = self.listing_id._as_mapper()
        self.sudo()._decide("refused")
        listings._choose_best()

    def action_reopen(self):
        """Take a refusal back."""
        listings = permitted(self.listing_id)
        self.sudo().filtered(lambda suggestion: suggestion.state == "refused").write(
            {"state": "open", "user_id": False, "decided_at": False}
        )
        listings._choose_best()

    def _decide(self, state):
        self.write({"state": state, "user_id": self.env.uid, "decided_at": fields.Datetime.now()})

    # === IN THE BACKGROUND === #

    @api.model
    def _wake(self):
        """Have the listings that wait for it looked at as soon as a cron worker is free; where none waits, nothing."""
        if self.env["order.channel.listing"].search_count(self._waiting_domain(), limit=1):
            self.env.ref("order_channel_mapping.cron_suggestions").sudo()._trigger()

    @api.model
    def _waiting_domain(self):
        return [("state", "=", "unconfirmed"), ("gone", "=", False), ("suggested_at", "=", False)]

    @api.model
    def _cron_suggest(self):
        """Look at listings that are new or changed, or whose products are, for as long as a pass may take; the rest is the next
        pass's. Never raises: what goes wrong is in the log."""
        deadline = time.monotonic() + PASS_SECONDS
        try:
            self._read_products(deadline)
            while time.monotonic() < deadline:
                if not self._repeatable(self._suggest_chunk):
                    return
            self.env.ref("order_channel_mapping.cron_suggestions").sudo()._trigger()
            self._commit()
        except Exception as error:
            if not self._gives_way(error, "suggestions"):
                self._rollback()
                _logger.exception("Suggestions could not be worked out")

    @api.model
    def _read_products(self, deadline=None):
        """Take in what changed at products, and have the listings looked at again that it may concern."""
        while changed := self._repeatable(self._read_product_chunk):
            if deadline and len(changed) and time.monotonic() > deadline:
                return

    @api.model
    def _read_product_chunk(self):
        changed = self.env["order.channel.product.word"]._refresh()
        self.env["order.channel.listing"]._look_again(changed)
        return changed

    @api.model
    def _suggest_chunk(self):
        """Work out suggestions for the next listings.

        :return: the listings; empty when there is nothing to do
        """
        listings = self.env["order.channel.listing"].search(self._waiting_domain(), order="id", limit=SUGGEST_CHUNK)
        if listings:
            listings._suggest()
        return listings
