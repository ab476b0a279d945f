from odoo import fields, models
from odoo.exceptions import UserError

from .order_channel_batch import AT_ONCE


class OrderChannelListing(models.Model):
    """Confirming: a product made from a listing, with the listing's details."""

    _inherit = "order.channel.listing"

    def _confirm(self, batch=None):
        """Create a product from each listing and link it: storable where it is a physical thing, cost left empty (rule 3).

        :param batch: order.channel.batch record that this is a part of
        :return: the products
        """
        self._check_confirmable()
        taken = self._taken_barcodes()
        values = [listing._prepare_product_values(taken) for listing in self]
        products = self.env["product.product"].sudo().create(values).sudo(False)
        self._link_batch(
            [(listing, [(product.id, 1.0)], "confirm") for listing, product in zip(self, products, strict=True)],
            batch=batch,
        )
        return products

    def _check_confirmable(self):
        for listing, (hint, *__) in self._find_products().items():
            if listing.state == "linked":
                raise UserError(listing._say_who_changed())
            if hint in ("one", "ambiguous", "conflict"):
                raise UserError(
                    self.env._(
                        "There is a product with the SKU or barcode of %(item)s already. Link it, so that the same thing "
                        "does not stand in stock twice.",
                        item=listing.display_name,
                    )
                )
        keys = [(listing.company_id.id, listing.sku_key) for listing in self if listing.sku_key]
        if len(keys) != len(set(keys)):
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
        """Create the product from the listing."""
        if len(self) > AT_ONCE:
            return self.env["order.channel.batch"]._make("confirm", self)._report()
        products = self._as_mapper()._confirm()
        if len(products) == 1 and not self.env.context.get("stay"):
            return {
                "type": "ir.actions.act_window",
                "res_model": "product.product",
                "res_id": products.id,
                "views": [(False, "form")],
            }
        return self._notify_done(self.env._("%(number)s products were created.", number=len(products)))
