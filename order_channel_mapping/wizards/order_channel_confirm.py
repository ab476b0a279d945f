from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..models.order_channel_mapping import OWN_PRODUCTS
from ..tools.guard import permitted
from ..tools.reasons import reason_text

#: of the products that may be the same, so many are named
TWINS_SHOWN = 3


class OrderChannelConfirm(models.TransientModel):
    """Shows the products that listings would become, for editing, beside the products that may be the same thing already."""

    _name = "order.channel.confirm"
    _description = "Confirm Items"
    _inherit = ["order.channel.reach"]
    _check_company_auto = True

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    line_ids = fields.One2many("order.channel.confirm.line", "wizard_id", string="Items")
    twin_count = fields.Integer(readonly=True)

    # === VARIANTS === #
    has_variants = fields.Boolean(readonly=True)
    as_variants = fields.Boolean(
        string="Variants Become One Product",
        default=True,
        help="Items that are variants of one thing at the channel become one product with attributes.",
    )
    one_parent = fields.Boolean(readonly=True)  # all of them are variants of one thing
    product_name = fields.Char(help="The name of the product that the variants have in common.")
    template_id = fields.Many2one(
        "product.template",
        string="Add to Product",
        check_company=True,
        domain="[('attribute_line_ids', '!=', False), '|', ('company_id', '=', False), ('company_id', '=', company_id)]",
        help="Its attributes have to be the same; missing values are added.",
    )

    # === OPENING === #

    @api.model
    def _open(self, listings):
        """The form for these listings, as the user sees them now.

        :raise UserError: they can't be confirmed together
        """
        allowed = permitted(listings)
        company = allowed.company_id
        if len(company) != 1:
            raise UserError(self.env._("Choose items of one company."))
        linked = allowed.filtered("mapping_id")
        if linked:
            raise UserError(linked[0]._say_who_changed())
        families = allowed._families()
        one_parent = len(families) == 1 and len(families[0].listings) == len(allowed)
        lines = self.env["order.channel.confirm.line"]._prepare_lines(allowed)
        wizard = self.create(
            {
                "company_id": company.id,
                "has_variants": bool(families),
                "one_parent": one_parent,
                "product_name": families[0].name if one_parent else False,
                "template_id": families[0].template.id if one_parent and families[0].template else False,
                "twin_count": sum(bool(values["twin_code"]) for values in lines),
                **self._prepare_stock(allowed),
                "line_ids": [Command.create(values) for values in lines],
            }
        )
        record = wizard.line_ids if len(lines) == 1 else wizard
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Confirm as New Product") if len(lines) == 1 else self.env._("Confirm as New Products"),
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "large" if len(lines) == 1 else "extra-large"},
        }

    # === ACTIONS === #

    def action_confirm(self):
        """Create, link and leave as each line says; then count in the opening stock."""
        self.ensure_one()
        undecided = self.line_ids.filtered(lambda line: not line.decision)
        if undecided:
            raise UserError(
                self.env._(
                    "%(item)s may be a product already: choose whether to create or to link it.",
                    item=undecided[0].listing_id.display_name,
                )
            )
        self._check_opening_stock()
        lines = self.line_ids.filtered(lambda line: line.decision != "leave")
        listings = lines.listing_id._as_mapper()
        listings._check_unchanged({line.listing_id.sudo(): line.seen_mapping_id.sudo() for line in lines})
        for line in lines:
            if line.listing_id.state != line.seen_state:
                raise UserError(line.listing_id.sudo()._say_who_changed())
        to_create = lines.filtered(lambda line: line.decision == "create")
        products = to_create.listing_id.sudo()._confirm(
            edited={line.listing_id.sudo(): line._product_values() for line in to_create},
            as_variants=self.as_variants,
            template=self.template_id.sudo() if self.as_variants else None,
            name=self.product_name,
            twins_seen=True,
            pictures=to_create.filtered(lambda line: line.copy_picture and not line.picture).listing_id.sudo(),
        )
        made = dict(zip(to_create.listing_id, products, strict=True))
        listings.browse()._link_batch([line._link_pair(made) for line in lines - to_create])
        self._count_in({line: made[line.listing_id] for line in to_create})
        return self._say_done(len(to_create), len(lines - to_create))

    def _say_done(self, created, linked):
        parts = [self.env._("Products created: %(number)s.", number=created)] if created else []
        parts += [self.env._("Items linked: %(number)s.", number=linked)] if linked else []
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": " ".join(parts) or self.env._("Nothing was changed."),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }


class OrderChannelConfirmLine(models.TransientModel):
    """One listing: the product that it would become, and what may be the same thing already."""

    _name = "order.channel.confirm.line"
    _description = "Confirm Items Line"
    _inherit = ["order.channel.reach"]
    _check_company_auto = True

    wizard_id = fields.Many2one("order.channel.confirm", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="wizard_id.company_id")
    currency_id = fields.Many2one(related="company_id.currency_id")
    listing_id = fields.Many2one(
        "order.channel.listing", string="Item", required=True, readonly=True, ondelete="cascade"
    )
    image_url = fields.Char(related="listing_id.image_url")
    seen_state = fields.Char(readonly=True)
    seen_mapping_id = fields.Many2one("order.channel.mapping", readonly=True, ondelete="cascade")

    # === THE PRODUCT === #
    name = fields.Char(required=True)
    sku = fields.Char(string="SKU")
    barcode = fields.Char()
    categ_id = fields.Many2one("product.category", string="Category")
    product_type = fields.Selection([("goods", "Goods"), ("service", "Service")], string="Type", required=True)
    list_price = fields.Monetary(string="Sales Price")
    standard_price = fields.Monetary(string="Cost", help="What it costs you. Stays empty unless you enter it.")
    tax_ids = fields.Many2many(
        "account.tax",
        string="Taxes",
        check_company=True,
        domain="[('type_tax_use', '=', 'sale'), ('company_id', '=', company_id)]",
    )
    picture = fields.Image(string="Another Picture", max_width=1920, max_height=1920)
    has_picture = fields.Boolean(readonly=True)
    copy_picture = fields.Boolean(help="The product gets the picture that the item has at the channel, a little later.")

    # === WHAT MAY BE THE SAME === #
    decision = fields.Selection(
        [("create", "Create"), ("link", "Link"), ("same", "Same as other item"), ("leave", "Leave it")],
        string="Do",
    )
    choices = fields.Char(compute="_compute_choices")  # the decisions that make sense, see channel_choice.js
    product_id = fields.Many2one(
        "product.product", string="Link To", domain=OWN_PRODUCTS, context={"active_test": False}, ondelete="cascade"
    )
    quantity = fields.Float(default=1.0, digits="Product Unit")
    same_as_id = fields.Many2one("order.channel.listing", readonly=True, ondelete="cascade")
    twin_code = fields.Char(readonly=True)
    twins = fields.Json(readonly=True)  # [[code, params]] of reasons, the surest first
    twin_text = fields.Char(string="May Be the Same", compute="_compute_twin_text")

    # === OF THE WHOLE FORM, where there is one line only === #
    one_parent = fields.Boolean(related="wizard_id.one_parent")
    template_id = fields.Many2one(related="wizard_id.template_id", readonly=False)

    _quantity_positive = models.Constraint("CHECK (quantity > 0)", "A mapping needs a quantity above zero.")

    @api.depends("twins")
    @api.depends_context("lang")
    def _compute_twin_text(self):
        for line in self:
            texts = [reason_text(self.env, code, params) for code, params in line.twins or ()]
            line.twin_text = " ".join(
                filter(None, [*(title for title, __ in texts), *(text for __, text in texts[:1])])
            )

    @api.depends("same_as_id")
    def _compute_choices(self):
        for line in self:
            line.choices = "create,link,same,leave" if line.same_as_id else "create,link,leave"

    @api.onchange("product_id")
    def _onchange_product_id(self):
        """Whoever chooses a product means to link it."""
        if self.product_id:
            self.decision = "link"

    @api.model
    def _prepare_lines(self, listings):
        """:rtype: list[dict]"""
        twins = listings._find_twins()
        same = listings._same_sku([("id", "in", listings.ids)])
        taken = listings._taken_barcodes()
        category = self.env["product.template"].default_get(["categ_id"]).get("categ_id")
        there = self._prepare_there(listings)
        return [
            {
                **self._prepare_product(listing, taken),
                **there[listing],
                "listing_id": listing.id,
                "seen_state": listing.state,
                "seen_mapping_id": listing.mapping_id.id,
                "categ_id": category,
                "has_picture": listing._has_picture(),
                "copy_picture": listing._has_picture() and listing.channel_id.copy_pictures,
                **self._prepare_decision(twins.get(listing, []), same.get(listing)),
            }
            for listing in listings
        ]

    @api.model
    def _prepare_product(self, listing, taken_barcodes):
        values = listing._prepare_product_values(taken_barcodes)
        return {
            "name": values["name"],
            "sku": values["default_code"],
            "barcode": values.get("barcode"),
            "product_type": "goods" if values["is_storable"] else "service",
            "list_price": values["list_price"],
            "tax_ids": [Command.set(listing.company_id.account_sale_tax_id.ids)],
        }

    @api.model
    def _prepare_decision(self, twins, same):
        """What is proposed: to link where it is certain, to ask where it is likely, else to create."""
        if twins:
            reasons = [twin.reason() for twin in twins[:TWINS_SHOWN]]
            certain = [twin for twin in twins if twin.is_certain]
            return {
                "twin_code": reasons[0][0],
                "twins": reasons,
                "product_id": twins[0].product.id,
                "quantity": twins[0].quantity,
                "decision": "link" if len(certain) == 1 else False,
            }
        if same:
            twins = [("twin_item", {"item": same.display_name})]
            return {"twin_code": "twin_item", "twins": twins, "same_as_id": same.id, "decision": "same"}
        return {"twin_code": False, "decision": "create"}

    def _product_values(self):
        """What a person left or wrote, as values of a product."""
        self.ensure_one()
        goods = self.product_type == "goods"
        return {
            "name": self.name,
            "default_code": self.sku,
            "barcode": self.barcode,
            "type": "consu" if goods else "service",
            "is_storable": goods,
            "list_price": self.list_price,
            "standard_price": self.standard_price,
            "taxes_id": [Command.set(self.tax_ids.ids)],
            **({"categ_id": self.categ_id.id} if self.categ_id else {}),
            **({"image_1920": self.picture} if self.picture else {}),
        }

    def _link_pair(self, made):
        """:param dict made: ``{listing: product}`` of what was created from other lines
        :return: a pair as ``listing._link_batch`` takes it
        """
        self.ensure_one()
        product, quantity = self.product_id, self.quantity
        if self.decision == "same":
            product, quantity = made.get(self.same_as_id) or self._product_of_same(), 1.0
        if not product:
            raise UserError(
                self.env._("Choose the product that %(item)s is linked to.", item=self.listing_id.display_name)
            )
        return self.listing_id.sudo(), [(product.id, quantity)], "manual"

    def _product_of_same(self):
        """The item of the same SKU is linked, or left, by the line above."""
        line = self.wizard_id.line_ids.filtered(lambda line: line.listing_id == self.same_as_id)
        return line.product_id if line.decision == "link" else self.env["product.product"]

    def action_confirm(self):
        """The one line's form stands for the whole."""
        return self.wizard_id.action_confirm()
