from collections import defaultdict

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import split_every

from ..tools.mapping_sheet import COLUMNS, heading_key
from ..tools.normalize import normalize_sku

#: listings written to a sheet at a time
SHEET_CHUNK = 1000
_READ_FIELDS = (
    "channel_id",
    "external_id",
    "parent_ref",
    "sku",
    "name",
    "barcode",
    "price",
    "currency_id",
    "state",
    "mapping_id",
    "suggestion_id",
)


class OrderChannelListing(models.Model):
    """Listings as rows of a spreadsheet, in which people say what each stands for."""

    _inherit = "order.channel.listing"

    @api.model
    def _sheet_headings(self):
        """``{column: heading}`` in the reader's language, in the order of the columns."""
        headings = {
            "channel": self.env._("Channel"),
            "item": self.env._("ID at the Channel (do not change)"),
            "parent": self.env._("Parent ID"),
            "item_sku": self.env._("SKU at the Channel"),
            "name": self.env._("Name"),
            "barcode": self.env._("Barcode"),
            "price": self.env._("Price"),
            "currency": self.env._("Currency"),
            "waiting": self.env._("Orders Waiting"),
            "state": self.env._("Status"),
            "suggestion": self.env._("Suggested SKU"),
            "fits": self.env._("Why It Fits"),
            "sku": self.env._("Product SKU"),
            "product": self.env._("Product"),
            "quantity": self.env._("Quantity"),
            "action": self.env._("Action"),
        }
        return {column: headings[column] for column in COLUMNS}

    @api.model
    def _sheet_keys(self):
        """``{heading as it is compared: column}`` in English and each language that is installed."""
        languages = {"en_US", *(code for code, __ in self.env["res.lang"].get_installed())}
        return {
            heading_key(heading): column
            for language in languages
            for column, heading in self.with_context(lang=language)._sheet_headings().items()
        }

    @api.model
    def _sheet_actions(self):
        """``{action: word}`` in the reader's language."""
        return {"link": self.env._("link"), "confirm": self.env._("confirm"), "ignore": self.env._("ignore")}

    @api.model
    def _sheet_action_keys(self):
        """``{word as it is compared: action}`` in English and each language that is installed."""
        languages = {"en_US", *(code for code, __ in self.env["res.lang"].get_installed())}
        return {
            normalize_sku(word): action
            for language in languages
            for action, word in self.with_context(lang=language)._sheet_actions().items()
        }

    @api.model
    def _sheet_help(self):
        """How the sheet is filled in, one line after the other."""
        return [
            self.env._(
                "Fill in the yellow columns, save the file and upload it under Listings > Map in a Spreadsheet."
            ),
            self.env._(
                "Product SKU: the internal reference of the product. Leave it empty to leave the item as it is."
            ),
            self.env._("Product: its name, where it has no SKU, or where several have the same one."),
            self.env._("Quantity: how many of the product one sold item is, 6 for a pack of six. Empty means 1."),
            self.env._("Bundle: one row for each product. Copy the item's row and fill in the other product."),
            self.env._("Action: link (or empty), confirm (makes a new product of the item) or ignore."),
            self.env._(
                "Channel and ID at the Channel say which item it is: do not change them. Rows may be sorted or removed."
            ),
            self.env._("Nothing changes when you upload: you see what would change, row by row, and press Apply then."),
        ]

    def _sheet_rows(self):
        """Rows of these listings for :mod:`tools.mapping_sheet`, one for each product that a listing stands for.

        A fixed number of queries for each thousand listings, and no more than those in memory.

        :rtype: Iterator[dict]
        """
        names = self.env["order.channel"]._sheet_names(self.env.companies.ids)
        states = dict(self._fields["state"]._description_selection(self.env))
        ignore = self._sheet_actions()["ignore"]
        for ids in split_every(SHEET_CHUNK, self.ids):
            listings = self.browse(ids)
            listings.fetch(_READ_FIELDS)
            components = listings._sheet_components()
            for listing in listings:
                row = {
                    "channel": names[listing.channel_id.id],
                    "item": listing.external_id,
                    "parent": listing.parent_ref,
                    "item_sku": listing.sku,
                    "name": listing.name,
                    "barcode": listing.barcode,
                    "price": listing.price,
                    "currency": listing.currency_id.name,
                    "waiting": listing.waiting_order_count or None,
                    "state": states[listing.state],
                    "action": ignore if listing.state == "ignored" else None,
                    **listing._sheet_suggestion(),
                }
                for component in components.get(listing.id) or [{}]:
                    yield {column: value or None for column, value in (row | component).items()}
            self.env.invalidate_all()

    def _sheet_suggestion(self):
        """The product that fits best, to be copied into the column of SKUs where it is the right one."""
        suggestion = self.suggestion_id.sudo()
        if not suggestion or self.state != "unconfirmed":
            return {}
        product = suggestion.product_id
        parts = [f"{suggestion.score:.0f} %", suggestion.text]
        if suggestion.quantity != 1:
            parts.insert(1, f"{suggestion.quantity:g} x")
        return {
            "suggestion": product.default_code or product.with_context(display_default_code=False).display_name,
            "fits": ", ".join(filter(None, parts)),
        }

    def _sheet_components(self):
        """What the listings stand for: ``{listing id: [{column: value}]}``."""
        result = defaultdict(list)
        lines = self.mapping_id.sudo().line_ids
        for (mapping, product), group in lines.grouped(lambda line: (line.mapping_id, line.product_id)).items():
            result[mapping.listing_id.id].append(
                {
                    "sku": product.default_code,
                    "product": product.with_context(display_default_code=False).display_name,
                    "quantity": sum(group.mapped("quantity")),
                }
            )
        return result

    def action_map_in_sheet(self):
        """Download these listings as a sheet, or upload one."""
        listings = self._whole_selection()
        if len(listings.company_id) != 1:
            raise UserError(self.env._("Choose items of one company."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Map in a Spreadsheet"),
            "res_model": "order.channel.sheet",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_selected_ids": listings.ids,
                "default_company_id": listings.company_id.id,
            },
        }


class OrderChannel(models.Model):
    """A channel by the name under which its items stand in a sheet."""

    _inherit = "order.channel"

    @api.model
    def _sheet_names(self, company_ids):
        """``{channel id: name}``, a number behind those names that several channels of a company have."""
        channels = self.with_context(active_test=False).search([("company_id", "in", company_ids)])
        named = channels.grouped(lambda channel: (channel.company_id, normalize_sku(channel.name)))
        return {
            channel.id: channel.name if len(same) == 1 else f"{channel.name} #{channel.id}"
            for same in named.values()
            for channel in same
        }
