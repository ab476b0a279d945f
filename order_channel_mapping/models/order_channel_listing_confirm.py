from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .order_channel_batch import AT_ONCE


class OrderChannelListing(models.Model):
    """Confirming: a product made from a listing, with the listing's details."""

    _inherit = "order.channel.listing"

    def _confirm(
        self, batch=None, edited=None, as_variants=True, template=None, name=None, twins_seen=False, pictures=None
    ):
        """Create a product from each listing and link it: storable where it is a physical thing, cost left empty (rule 3).

        :param batch: order.channel.batch record that this is a part of
        :param dict edited: ``{listing: product values}`` where a person chose others
        :param as_variants: variants of one parent become one product template
        :param template: product.template that they are added to
        :param str name: what a new template is called
        :param twins_seen: a person has looked at the products that may be the same
        :param pictures: those of the listings whose picture is copied, too; None: as their channel's setting says
        :return: the products, in the order of the listings
        """
        self._lock_same_sku()
        self._check_confirmable(twins_seen)
        made = {}
        for company, listings in self.grouped("company_id").items():
            # the products' taxes and categories are those of the listings' company, wherever the user works
            own = listings.with_context(allowed_company_ids=company.ids)
            taken = own._taken_barcodes()
            values = {
                listing: {**listing._prepare_product_values(taken), **(edited or {}).get(listing, {})}
                for listing in own
            }
            families = own._families(template, name) if as_variants or template else []
            made |= own._make_variants(families, values)
            plain = [listing for listing in own if listing not in made]
            products = own.env["product.product"].sudo().create([values[listing] for listing in plain])
            made |= dict(zip(plain, products, strict=True))
        self._link_batch([(listing, [(made[listing].id, 1.0)], "confirm") for listing in self], batch=batch)
        if pictures is None:
            pictures = self.filtered("channel_id.copy_pictures")
        pictures._want_pictures()
        return self.env["product.product"].browse([made[listing].id for listing in self])

    def _lock_same_sku(self):
        """Hold all listings of these SKUs, so that of two people who confirm one thing on two channels the second looks again,
        see :meth:`_lock`."""
        self.env.cr.execute(
            SQL(
                "SELECT id FROM order_channel_listing WHERE sku_key = ANY(%s) AND company_id = ANY(%s)"
                " AND state != 'linked' ORDER BY id FOR UPDATE",
                [key for key in set(self.mapped("sku_key")) if key],
                self.company_id.ids,
            )
        )

    def _check_confirmable(self, twins_seen=False):
        """:raise UserError: another user linked one of these, or there is a product like it and nobody looked"""
        for listing in self:
            if listing.state == "linked":
                raise UserError(listing._say_who_changed())
        if twins_seen:
            return
        for listing, twins in self._find_twins().items():
            if any(twin.is_certain for twin in twins):
                raise UserError(
                    self.env._(
                        "There is a product with the SKU or barcode of %(item)s already. Link it, so that the same thing "
                        "does not stand in stock twice.",
                        item=listing.display_name,
                    )
                )
        if self._same_sku([("id", "in", self.ids)]):
            raise UserError(
                self.env._("Several of these items have the same SKU. Confirm one and link the others to its product.")
            )

    def _taken_barcodes(self):
        """Normalised barcodes that a product or a packaging has already."""
        keys = [key for key in self.mapped("barcode_key") if key]
        if not keys:
            return set()
        taken = set()
        for model in ("product.product", "product.uom"):
            records = self.env[model].sudo().with_context(active_test=False)
            taken.update(
                records.search([("order_channel_barcode_key", "in", keys)]).mapped("order_channel_barcode_key")
            )
        return taken

    def _prepare_product_values(self, taken_barcodes):
        """What a product made from this listing is. Override to fill in more."""
        self.ensure_one()
        company = self.company_id
        price = self.price
        if self.currency_id and self.currency_id != company.currency_id:
            price = self.currency_id._convert(price, company.currency_id, company, fields.Date.context_today(self))
        values = {
            "name": self.name,
            "default_code": self.sku,
            "list_price": price,
            "type": "consu" if self.physical else "service",
            "is_storable": self.physical,
            "sale_ok": True,
        }
        if self.env["res.company"].sudo().search_count([], limit=2) > 1:
            values["company_id"] = company.id
        if self.barcode_key and self.barcode_key not in taken_barcodes:
            taken_barcodes.add(self.barcode_key)
            values["barcode"] = self.barcode
        return values

    # === ACTIONS: what people may do (group and company are checked, then done in sudo) === #

    def action_confirm(self):
        """Create the product from the listing. Where there may be one already, or the quantity at the channel falls to zero
        because the new product has no stock, ask first."""
        if len(self) > AT_ONCE:
            return self.env["order.channel.batch"]._make("confirm", self)._report()
        listings = self._as_mapper()
        unconfirmed = listings.filtered(lambda listing: listing.state != "linked")
        doubtful = unconfirmed._find_twins() or unconfirmed._same_sku([("id", "in", self.ids)])
        if doubtful or unconfirmed._emptied_by_confirming():
            return self.action_open_confirm()
        products = listings._confirm()
        if len(products) == 1 and not self.env.context.get("stay"):
            return {
                "type": "ir.actions.act_window",
                "res_model": "product.product",
                "res_id": products.id,
                "views": [(False, "form")],
            }
        return self._notify_done(self.env._("Products created: %(number)s.", number=len(products)))

    def _confirm_in_place(self):
        """Confirm from a form that shows the result itself: it is loaded again, unless there is something to ask."""
        action = self.with_context(stay=True).action_confirm()
        return action if action.get("res_model") else {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_open_confirm(self):
        """Open the details for editing, with the products that may be the same thing."""
        if len(self) > AT_ONCE:
            raise UserError(
                self.env._(
                    "Up to %(number)s items can be edited at once. Choose fewer, or Confirm them all as they are.",
                    number=AT_ONCE,
                )
            )
        return self.env["order.channel.confirm"]._open(self)
