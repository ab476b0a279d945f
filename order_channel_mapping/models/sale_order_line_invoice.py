from collections import defaultdict
from decimal import Decimal

from odoo import models

from ..tools.amounts import decimal
from ..tools.money import prorate


class SaleOrderLine(models.Model):
    """The invoices of a channel's line add up to the channel's amounts, however many there are (rule 5).

    Each partial invoice takes what is due up to its quantity less what the earlier ones took, so the last one settles.
    """

    _inherit = "sale.order.line"

    def _prepare_base_line_for_taxes_computation(self, **kwargs):
        """Override of `sale`: where a person took all taxes off, the untaxed amount that the channel's taxes left counts no
        more. Odoo would take it for one that fits, and show 1 x 11.90 as 10.00."""
        if self.channel_key and not self.tax_ids:
            kwargs.setdefault("extra_tax_data", False)
        return super()._prepare_base_line_for_taxes_computation(**kwargs)

    def _prepare_invoice_line(self, **optional_values):
        values = super()._prepare_invoice_line(**optional_values)
        if self.channel_key and not self.tax_ids:
            values["extra_tax_data"] = False
        if self.channel_key and not self.display_type and values["quantity"] != self.product_uom_qty:
            values.update(self._partial_amounts(values["quantity"]))
        return values

    def _partial_amounts(self, quantity):
        """Price and exact amounts of an invoice line for so many; nothing where the channel's amounts don't say.

        :param float quantity: in the line's unit
        :rtype: dict
        """
        ordered = round(decimal(self.product_uom_qty), 6)
        upto = round(decimal(self.qty_invoiced) + decimal(quantity), 6)  # sums of floats
        extra = (self.tax_ids and self.extra_tax_data) or {}
        edited = self.tax_ids and (
            extra.get("quantity") != self.product_uom_qty
            or extra.get("price_unit") != self.price_unit
            or not all(
                str(tax.id) in extra.get("manual_tax_amounts", {}) for tax in self.tax_ids.flatten_taxes_hierarchy()
            )
        )
        if edited or self.discount or quantity <= 0 or not 0 < upto <= ordered:
            return {}
        booked_net, booked_taxes = self._booked_amounts()

        def due(total, booked):
            return prorate(decimal(total), upto, ordered, self.currency_id.decimal_places) - booked

        net = due(extra.get("manual_total_excluded_currency", self.price_subtotal), booked_net)
        if not self.tax_ids:
            return {"price_unit": float(net / decimal(quantity))}
        taxes = {
            tax_id: {
                "tax_amount_currency": float(due(amounts["tax_amount_currency"], booked_taxes[tax_id])),
                "base_amount_currency": float(net),
            }
            for tax_id, amounts in extra["manual_tax_amounts"].items()
        }
        return {
            "extra_tax_data": {
                **extra,
                "quantity": quantity,
                "manual_total_excluded_currency": float(net),
                "manual_tax_amounts": taxes,
            }
        }

    def _booked_amounts(self):
        """What invoices, less credit notes, took of this line so far: (untaxed amount, ``{str of tax id: amount}``)."""
        net, taxes = Decimal(0), defaultdict(Decimal)
        invoice_lines = self._get_invoice_lines().filtered(lambda line: line.parent_state != "cancel")
        for move in invoice_lines.move_id:
            sign = -1 if move.move_type == "out_refund" else 1
            base_lines, __ = move._get_rounded_base_and_tax_lines()
            for base_line in base_lines:
                if base_line["record"] not in invoice_lines:
                    continue
                net += sign * decimal(base_line["record"].price_subtotal)
                for tax_data in base_line["tax_details"]["taxes_data"]:
                    taxes[str(tax_data["tax"].id)] += sign * decimal(tax_data["tax_amount_currency"])
        return net, taxes
