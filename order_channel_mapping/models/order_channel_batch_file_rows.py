import re
from collections import defaultdict
from types import SimpleNamespace

from odoo import models
from odoo.fields import Domain
from odoo.tools import float_round, format_datetime

from ..tools.mapping_sheet import read_quantity
from ..tools.normalize import barcode_key, normalize_sku
from ..tools.sheet_headings import is_excluded

#: a number that a spreadsheet shows with fewer digits than it has
ROUNDED = re.compile(r"\d([.,]\d+)?E\+\d+", re.IGNORECASE)
#: digits of the longest SKU or barcode that a spreadsheet may have taken zeros from
LONGEST_NUMBER = 14


class RowProblem(Exception):
    """Why a row can't be done as it stands; ``code`` and ``params`` are those of a reason."""

    def __init__(self, code, outcome="problem", **params):
        super().__init__(code)
        self.code, self.outcome, self.params = code, outcome, params


class OrderChannelBatch(models.Model):
    """What the rows of a sheet mean: for each item one line that says what would change, or why nothing can."""

    _inherit = "order.channel.batch"

    def _prepare_file(self, groups):
        """Lines of some items, in a fixed number of queries.

        :param groups: what :func:`tools.mapping_sheet.grouped` gives
        :return: values of lines, as ``_prepare_<kind>`` gives them
        """
        found = self._look_up(groups)
        rows_of = defaultdict(list)  # of one item that rows name in different ways: by its ID, by its SKU
        for group in groups:
            rows_of[self._file_listing(group[0], found)] += group
        return [self._file_line(group, found, rows_of) for group in groups]

    def _file_line(self, group, found, rows_of):
        listing = self._file_listing(group[0], found)
        values = {"listing_id": listing.id, "row_number": group[0]["row"], "method": "file", "action": "link"}
        try:
            if listing and len(rows_of[listing]) > len(group):
                raise RowProblem("rows_contradict", rows=self._numbers(rows_of[listing]))
            return {**values, **self._file_change(group, listing, found)}
        except RowProblem as problem:
            params = {"row": group[0]["row"], **problem.params}
            proposed = params.pop("values", {})
            return {
                **values,
                **proposed,
                "outcome": problem.outcome,
                "reason_code": problem.code,
                "reason_params": params,
            }

    # === WHAT IS LOOKED UP AT ONCE === #

    def _look_up(self, groups):
        """All that the rows name: channels, listings, products."""
        rows = [row for group in groups for row in group]
        names = self.env["order.channel"]._sheet_names(self.company_id.ids)
        found = SimpleNamespace(
            channels=self._channels_by_name(names),
            actions=self.env["order.channel.listing"]._sheet_action_keys(),
            digits=self.env["decimal.precision"].precision_get("Product Unit"),
        )
        self._look_up_listings(rows, found)
        listings = self.env["order.channel.listing"].union(*(self._file_listing(row, found) for row in rows))
        if listings.channel_id - self.channel_ids:
            self.channel_ids |= listings.channel_id
        self._look_up_skus(rows, found)
        self._look_up_names(rows, found)
        confirmed = [self._file_listing(row, found) for row in rows if self._word(row, found) == "confirm"]
        confirmed = listings.browse({listing.id for listing in confirmed if listing.state == "unconfirmed"})
        worked_out = self.with_context(sheet_listing_ids=confirmed.ids)._prepare_confirm(confirmed)
        found.confirm = {values["listing_id"]: values for values in worked_out}
        return found

    def _channels_by_name(self, names):
        """``{name as it is compared: channel id}``: as sheets are written here, else as the store calls itself, by which other
        systems know it.

        :param dict names: channel id -> name in a sheet
        """
        channels = self.env["order.channel"].browse(names)
        stores = channels.grouped(lambda channel: normalize_sku(channel.external_name))
        known = {name: same.id for name, same in stores.items() if name and len(same) == 1}
        return known | {normalize_sku(name): channel_id for channel_id, name in names.items()}

    def _look_up_listings(self, rows, found):
        """``found.listings``: by channel and ID; ``found.items``: by the channel's SKU."""
        refs = {row["item"].strip() for row in rows} | {row["item"] for row in rows}
        keys = {normalize_sku(row.get("item_sku")) for row in rows} - {None}
        keys |= {padded for key in keys for padded in self._padded(key)}
        listings = self.env["order.channel.listing"].search(
            Domain("channel_id", "in", list(found.channels.values()))
            & (Domain("external_id", "in", list(refs)) | Domain("sku_key", "in", list(keys))),
            order="id",
        )
        found.listings = {(listing.channel_id.id, listing.external_id): listing for listing in listings}
        found.by_ref = listings.grouped("external_id")
        found.items = listings.filtered(lambda listing: listing.sku_key in keys).grouped("sku_key")

    def _look_up_skus(self, rows, found):
        """``found.skus``: products of this company by normalised SKU; ``found.missing``: the others that have one of them;
        ``found.barcodes``: those of this company by barcode."""
        keys = {normalize_sku(row["sku"]) for row in rows} - {None}
        barcodes = {barcode_key(row["sku"]) for row in rows} - {None}
        wanted = keys | {padded for key in keys for padded in self._padded(key)}
        own = self.company_id._channel_product_companies()[self.company_id.id]
        products = (
            self.env["product.product"]
            .with_context(active_test=False)
            .search(
                (
                    Domain("order_channel_sku_key", "in", list(wanted))
                    | Domain("order_channel_barcode_key", "in", list(barcodes))
                )
                & Domain("company_id", "in", [False, *own, *self.env.user.company_ids.ids]),
                order="id",
            )
        )
        found.skus, found.missing, found.barcodes = (defaultdict(products.browse) for __ in range(3))
        for product in products:
            ours = product.active and (not product.company_id or product.company_id.id in own)
            (found.skus if ours else found.missing)[product.order_channel_sku_key] |= product
            if ours and product.order_channel_barcode_key:
                found.barcodes[product.order_channel_barcode_key] |= product

    def _look_up_names(self, rows, found):
        """``found.names``: products of this company by name, for rows that give no SKU, or one that several have."""
        names = {row["product"].strip() for row in rows} - {""}
        names |= {re.sub(r"\s*\([^()]*\)$", "", name) for name in names}  # without the variant's attributes
        found.names = defaultdict(self.env["product.product"].browse)
        if names:
            products = self.env["product.product"].search(
                Domain("name", "in", list(names))
                & (Domain("company_id", "=", False) | Domain("company_id", "parent_of", self.company_id.id))
            )
            for product in products:
                found.names[normalize_sku(self._plain_name(product))] |= product

    @staticmethod
    def _plain_name(product):
        return product.with_context(display_default_code=False).display_name

    @staticmethod
    def _padded(key):
        """The numbers that a spreadsheet shows as this one, because it drops zeros in front and behind the point."""
        if re.fullmatch(r"[0-9]+", key):
            return [key.zfill(length) for length in range(len(key) + 1, LONGEST_NUMBER + 1)] + [f"{key}.0", f"{key}.00"]
        return [key + "0" * number for number in (1, 2, 3)] if re.fullmatch(r"[0-9]+\.[0-9]+", key) else []

    # === ONE ITEM === #

    def _file_listing(self, row, found):
        """The listing that a row names by its ID, else by the channel's SKU; none where it does not say which."""
        channel_id = self._row_channel(row, found)
        for ref in (row["item"], row["item"].strip()):
            if listing := found.listings.get((channel_id, ref)):
                return listing
            if ref and not channel_id and not row["channel"].strip() and len(found.by_ref.get(ref, ())) == 1:
                return found.by_ref[ref]
        if row["odd"].get("item_sku") == "number" and self._more_zeros(row, found):
            return self.env["order.channel.listing"]
        listings = self._row_items(row, found)
        return listings if len(listings) == 1 else listings.browse()

    def _row_channel(self, row, found):
        """The id of the channel that a row names; where it names none, of the one that was chosen for the sheet."""
        if row["channel"].strip():
            return found.channels.get(normalize_sku(row["channel"]))
        return self.sheet_channel_id.id

    def _row_items(self, row, found, key=None):
        """The listings that have a row's channel SKU: of several those that are at their channel, have it exactly so, and are
        no custom ones."""
        listings = found.items.get(key or normalize_sku(row.get("item_sku")), self.env["order.channel.listing"])
        channel_id = self._row_channel(row, found)
        if channel_id or row["channel"].strip():
            listings = listings.filtered(lambda listing: listing.channel_id.id == channel_id)
        typed = row.get("item_sku", "").strip()
        for narrow in (
            lambda listing: not listing.gone,
            lambda listing: listing.kind == "item",
            lambda listing: listing.sku == typed,
        ):
            if len(listings) > 1:
                listings = listings.filtered(narrow) or listings
        return listings

    def _more_zeros(self, row, found):
        """The channel's SKUs that a spreadsheet shows as a row's, because it drops zeros."""
        padded = self._padded(normalize_sku(row.get("item_sku")) or "")
        return [listing.sku for key in padded for listing in self._row_items(row, found, key)]

    @staticmethod
    def _word(row, found):
        """The action that a row names: None where it names none that there is, ``""`` where it names nothing."""
        word = normalize_sku(row["action"])
        return found.actions.get(word) if word else ""

    def _file_change(self, group, listing, found):
        """What the rows of one item change.

        :return: values of its line
        :raise RowProblem: they can't be done as they stand
        """
        if not listing:
            self._say_unknown_item(group[0], found)
        left_out = [self._row_excluded(row) for row in group]
        if any(left_out):
            others = [row for row, excluded in zip(group, left_out, strict=True) if not excluded]
            if others or any(self._word(row, found) not in ("", "ignore") for row in group):
                raise RowProblem("rows_contradict", rows=self._numbers(group))
            return self._file_ignore(group[0], listing, found)
        filled = [row for row in group if any(row[name].strip() for name in ("sku", "product", "quantity", "action"))]
        if not filled:
            return {"outcome": "same"}
        actions = {self._row_action(row, found) for row in filled}
        if len(actions) > 1:
            raise RowProblem("rows_contradict", rows=self._numbers(filled))
        action = actions.pop()
        if action == "link":
            return self._file_link(filled, listing, found)
        for row in filled:
            if row["sku"].strip() or row["product"].strip():
                raise RowProblem("row_product_extra", row=row["row"])
        return getattr(self, f"_file_{action}")(filled[0], listing, found)

    def _say_unknown_item(self, row, found):
        item, sku = row["item"].strip(), row.get("item_sku", "").strip()
        if not item and not sku:
            raise RowProblem("row_no_item")
        self._check_cell(row, "item")
        self._check_cell(row, "item_sku")
        if row["channel"].strip() and normalize_sku(row["channel"]) not in found.channels:
            raise RowProblem("row_channel", channel=row["channel"].strip(), company=self.company_id.name)
        channel = row["channel"].strip() or self.sheet_channel_id.name
        if sku:
            self._say_unknown_sku(row, sku, channel, found)
        if not channel:
            raise RowProblem("row_no_item" if item in found.by_ref else "row_item_nowhere", item=item)
        self._check_rounded(row, "item")
        raise RowProblem("row_item", item=row["item"], channel=channel)

    def _say_unknown_sku(self, row, sku, channel, found):
        """No item, or several, have the channel's SKU that a row names."""
        listings = self._row_items(row, found)
        zeros = self._more_zeros(row, found)
        if zeros and len(listings) < 2:
            raise RowProblem("row_zeros", sku=sku, others=", ".join(zeros[:3]))
        if not listings:
            self._check_rounded(row, "item_sku")
            raise RowProblem("row_item_sku" if channel else "row_item_sku_nowhere", sku=sku, channel=channel)
        names = [f"{listing.channel_id.name}: {listing.name} ({listing.external_id})" for listing in listings[:3]]
        code = "row_item_sku_several" if len(listings.channel_id) == 1 else "row_item_sku_channels"
        raise RowProblem(code, sku=sku, count=len(listings), items="; ".join(names))

    def _row_excluded(self, row):
        """Whether a row says that its item is left out."""
        excluded = is_excluded(row.get("excluded"))
        if excluded is None:
            raise RowProblem("row_excluded", row=row["row"], value=row["excluded"].strip())
        return excluded

    def _check_rounded(self, row, column):
        """Name what a spreadsheet rounded: 4.00639E+12 has lost its last digits."""
        if ROUNDED.fullmatch(row.get(column, "").strip()):
            headings = self.env["order.channel.listing"]._sheet_headings()
            raise RowProblem("row_rounded", row=row["row"], column=headings[column], value=row[column].strip())

    def _row_action(self, row, found):
        self._check_cell(row, "action")
        action = self._word(row, found)
        if action is None:
            raise RowProblem("row_action", row=row["row"], action=row["action"].strip())
        return action or "link"

    @staticmethod
    def _numbers(rows):
        return ", ".join(str(row["row"]) for row in rows)

    def _check_cell(self, row, column):
        """Refuse what the spreadsheet made of a text that was typed."""
        if row["odd"].get(column) in ("date", "boolean", "error"):
            headings = self.env["order.channel.listing"]._sheet_headings()
            raise RowProblem("row_cell", row=row["row"], column=headings[column], value=row[column])

    def _say_linked(self, code, listing, outcome="problem", **values):
        mapping = listing.mapping_id
        raise RowProblem(
            code,
            outcome,
            user=mapping.user_id.name,
            product=mapping._summary(),
            when=format_datetime(self.env, mapping.started_at),
            **values,
        )

    # === LINK === #

    def _file_link(self, rows, listing, found):
        current = defaultdict(float)
        for product_id, quantity in listing.mapping_id._components() if listing.mapping_id else ():
            current[product_id] += quantity
        components = {}
        for row in rows:
            product = self._row_product(row, found, current)
            if product.id in components:
                same = [other for other in rows if self._row_product(other, found, current) == product]
                raise RowProblem("rows_same_product", rows=self._numbers(same), sku=product.display_name)
            components[product.id] = self._row_quantity(row, found)
        values = self._component_values(list(components.items()))
        if listing.state != "linked":
            return {"outcome": "change", **values}
        if components == {product_id: float_round(number, found.digits) for product_id, number in current.items()}:
            return {"outcome": "same", **values}
        return self._say_linked("row_linked", listing, "conflict", values=values)

    @staticmethod
    def _component_values(components):
        if len(components) > 1:
            return {"components": components}
        ((product_id, quantity),) = components
        return {"product_id": product_id, "quantity": quantity}

    def _row_quantity(self, row, found):
        odd = row["odd"].get("quantity")
        quantity = None if odd and odd != "number" else read_quantity(row["quantity"], number=odd == "number")
        quantity = quantity and float_round(quantity, found.digits)
        if not quantity:
            raise RowProblem("row_quantity", row=row["row"], quantity=row["quantity"].strip())
        return quantity

    def _row_product(self, row, found, current):
        """The product that a row names.

        :param dict current: what its listing stands for now; of several products that is the one meant
        """
        self._check_cell(row, "sku")
        self._check_cell(row, "product")
        sku, name = row["sku"].strip(), row["product"].strip()
        if not sku and not name:
            raise RowProblem("row_no_product", row=row["row"])
        candidates = self._row_candidates(row, sku, found) if sku else found.names[normalize_sku(name)]
        for narrow in (
            lambda product: product.default_code == sku,
            lambda product: normalize_sku(self._plain_name(product)) == normalize_sku(name),
            lambda product: product.id in current,
        ):
            if len(candidates) > 1:
                candidates = candidates.filtered(narrow) or candidates
        if len(candidates) == 1:
            return candidates
        if not sku:
            raise RowProblem("row_name_several" if candidates else "row_name_unknown", row=row["row"], name=name)
        products = ", ".join(candidates[:3].mapped("display_name"))
        raise RowProblem("row_sku_several", row=row["row"], sku=sku, products=products)

    def _row_candidates(self, row, sku, found):
        """The products that have a row's SKU: at least one."""
        key = normalize_sku(sku)
        candidates = found.skus[key]
        if not candidates or row["odd"].get("sku") == "number":
            others = [product.default_code for padded in self._padded(key or "") for product in found.skus[padded]]
            if others:
                raise RowProblem("row_zeros", row=row["row"], sku=sku, others=", ".join(others[:3]))
        candidates = candidates or found.barcodes[barcode_key(sku)]  # people identify products by that, too
        if not candidates:
            self._check_rounded(row, "sku")
            missing = found.missing[key]
            archived = missing.filtered(lambda product: not product.active)
            code = "row_sku_archived" if archived else "row_sku_company" if missing else "row_sku_unknown"
            raise RowProblem(code, row=row["row"], sku=sku, company=self.company_id.name)
        return candidates

    # === CONFIRM, IGNORE === #

    def _file_confirm(self, row, listing, found):
        values = {"action": "confirm", "method": "confirm"}
        if listing.state == "linked":
            if listing.mapping_id.method == "confirm":
                return {"outcome": "same", **values}
            self._say_linked("row_linked_confirm", listing)
        if listing.state == "ignored":
            return {"outcome": "change", **values}
        return found.confirm[listing.id]

    def _file_ignore(self, row, listing, found):
        values = {"action": "ignore", "method": False}
        if listing.state == "ignored":
            return {"outcome": "same", **values}
        if listing.state == "linked":
            self._say_linked("row_linked_ignore", listing)
        if listing.waiting_order_count:
            raise RowProblem("row_waiting", row=row["row"], orders=listing.waiting_order_count, values=values)
        return {"outcome": "change", **values}
