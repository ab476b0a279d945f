from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain

from ..tools.guard import permitted
from .order_channel_listing_match import MatchRules

#: what is found for an unconfirmed listing -> (outcome, reason code)
OUTCOMES = {
    "one": ("change", None),
    "ambiguous": ("ambiguous", "found_several"),
    "conflict": ("ambiguous", "found_different"),
    "refused": ("nothing", "found_refused"),
    "archived": ("problem", "found_archived"),
    "none": ("nothing", "found_none"),
    "no_sku": ("nothing", "found_no_sku"),
}
#: channels that items come from
FETCHES_ITEMS = [("provider", "!=", "offline"), ("state", "!=", "draft")]


class OrderChannelBatch(models.Model):
    """Auto-link with a look first: rules over the listings of some channels."""

    _inherit = "order.channel.batch"

    kind = fields.Selection(selection_add=[("auto_link", "Auto-link")], ondelete={"auto_link": "cascade"})
    link_sku = fields.Boolean(string="Same SKU", default=True)
    link_barcode = fields.Boolean(string="Same Barcode", default=True)
    link_packaging = fields.Boolean(
        string="Same Barcode of a Packaging",
        default=True,
        help="The item then stands for as many as the packaging holds.",
    )
    link_name = fields.Selection(
        [("exact", "The same name"), ("similar", "A similar name")],
        string="By Name",
        help="Only for items for which nothing else is found. Numbers and words that differ make names differ: look through "
        "what is proposed.",
    )
    link_similarity = fields.Integer(string="Names Alike by", default=80, help="Percent, from 30 to 100.")
    link_strength = fields.Selection(
        [
            ("exact", "As it is typed"),
            ("normal", "Apart from case and spaces"),
            ("loose", "Apart from case, spaces, dashes and punctuation"),
        ],
        string="SKUs Are the Same",
        default="normal",
        required=True,
        help="Leading zeros always count: 007 is not 7.",
    )
    link_scope = fields.Selection(
        [("unconfirmed", "Unconfirmed only"), ("linked", "Linked ones too, to find wrong links")],
        string="Items to Look At",
        default="unconfirmed",
        required=True,
    )
    copy_channel_id = fields.Many2one(
        "order.channel",
        string="Copy From Channel",
        check_company=True,
        help="What its items are linked to, packs and bundles included, is taken over by items with the same SKU.",
    )

    # === MAKING ONE === #

    @api.model
    def default_get(self, fields):
        """From the menu: the channel, where there is only one that items come from."""
        values = super().default_get(fields)
        if values.get("kind") == "auto_link" and not values.get("channel_ids"):
            company = [("company_id", "=", values.get("company_id") or self.env.company.id)]
            channels = self.env["order.channel"].search([*company, *FETCHES_ITEMS], limit=2)
            if len(channels) == 1:
                values["channel_ids"] = [Command.set(channels.ids)]
                values["name"] = self.with_context(default_kind="auto_link")._default_name(channels)
        return values

    @api.model
    def _new_auto_link(self, channels, listings=None):
        """A new one with the usual rules, for a person to look at and to press Preview.

        :param channels: order.channel records of one company
        :param listings: order.channel.listing records, where it is about these alone
        :return: the action that opens it
        """
        permitted(channels)
        if len(channels.company_id) != 1:
            raise UserError(self.env._("Choose items of one company."))
        chosen = {"selection": [("id", "in", listings.ids)], "selected_count": len(listings)} if listings else {}
        batch = self._new("auto_link", channels.company_id, channels, **chosen)
        return batch.sudo(False).action_open()

    @api.onchange("channel_ids")
    def _onchange_channel_ids(self):
        if self.kind == "auto_link":
            self.name = self.with_context(default_kind=self.kind)._default_name(self.channel_ids)

    # === WORKING OUT === #

    def _check_choices(self):
        super()._check_choices()
        if self.kind != "auto_link":
            return
        if not (self.link_sku or self.link_barcode or self.link_packaging or self.link_name or self.copy_channel_id):
            raise UserError(self.env._("Choose by what items are linked."))
        if self.link_name == "similar" and not 30 <= self.link_similarity <= 100:
            raise UserError(self.env._("Choose a percentage from 30 to 100."))
        if self.copy_channel_id in self.channel_ids:
            raise UserError(self.env._("Copy from another channel than those whose items are linked."))

    def _listing_domain(self):
        domain = super()._listing_domain()
        if self.kind != "auto_link":
            return domain
        states = ("unconfirmed", "linked") if self.link_scope == "linked" else ("unconfirmed",)
        return domain & Domain([("state", "in", states), ("gone", "=", False)])

    def _match_rules(self):
        return MatchRules(
            copy_channel_id=self.copy_channel_id.id or None,
            sku=self.link_sku,
            barcode=self.link_barcode,
            packaging=self.link_packaging,
            name=self.link_name or None,
            similarity=self.link_similarity / 100.0,
            strength=self.link_strength,
        )

    def _prepare_auto_link(self, listings):
        listings.mapping_id.line_ids.fetch(["product_id", "quantity"])
        return [
            {"listing_id": listing.id, "action": "link", **self._judge(listing, match)}
            for listing, match in listings._find_products(self._match_rules()).items()
        ]

    def _judge(self, listing, match):
        """In which group a listing comes, with what is proposed.

        :param Match match: what the rules found
        """
        outcome, code = OUTCOMES[match.hint]
        if listing.mapping_id:
            outcome, code = self._judge_linked(listing, match)
        values = {"outcome": outcome, "reason_code": code, "method": match.method}
        if match.candidates:
            values["candidates"] = list(match.candidates)
        if match.product_id:
            values |= {"product_id": match.product_id, "quantity": match.quantity}
        elif match.components:
            values["components"] = [list(component) for component in match.components]
        return values

    def _judge_linked(self, listing, match):
        """Whether the rules speak against the link that a listing has."""
        linked = set(listing.mapping_id._components())
        products = {product_id for product_id, __ in linked}
        if match.method == "copy":
            same = linked == set(match.components)
        else:
            same = match.product_id in products or bool(products & set(match.candidates))
        if same or not (match.product_id or match.components or match.candidates):
            return "same", None
        return "conflict", "found_other"


class OrderChannelBatchLine(models.Model):
    """The products among which a person has to choose."""

    _inherit = "order.channel.batch.line"

    candidates = fields.Json(readonly=True)  # product ids, likely ones first
    candidate_ids = fields.Many2many("product.product", string="Which One?", compute="_compute_candidate_ids")

    @api.depends("candidates")
    def _compute_candidate_ids(self):
        known = self.env["product.product"].browse({product for line in self for product in line.candidates or ()})
        known = set(known.exists().ids)
        for line in self:
            line.candidate_ids = [product for product in line.candidates or () if product in known]


class OrderChannelListing(models.Model):
    """Auto-link of a selection."""

    _inherit = "order.channel.listing"

    def action_auto_link(self):
        """Choose the rules by which these listings are linked, and see first what they would do."""
        if self:
            return self.env["order.channel.batch"]._new_auto_link(self.channel_id, self)
        channels = self._shown_channels()
        if channels:
            return self.env["order.channel.batch"]._new_auto_link(channels)
        return self.env["ir.actions.act_window"]._for_xml_id(
            "order_channel_mapping.order_channel_batch_action_auto_link"
        )


class OrderChannel(models.Model):
    """Auto-link of a channel's items."""

    _inherit = "order.channel"

    def action_auto_link(self):
        """Choose the rules by which the items are linked, and see first what they would do."""
        return self.env["order.channel.batch"]._new_auto_link(self)
