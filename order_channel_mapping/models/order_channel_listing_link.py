from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_datetime

from ..tools.guard import permitted
from ..tools.reasons import reason_text
from .order_channel_batch import AT_ONCE


class OrderChannelListing(models.Model):
    """Linking: which product, and how many of it, a listing stands for. Links never change the product."""

    _inherit = "order.channel.listing"

    # === AUTOMATIC LINKING === #

    def _auto_link(self):
        """Link what is certain: the SKU, else the barcode, belongs to exactly one product. The rest says why not.

        :return: the listings that were linked
        """
        found = self._find_products()
        pairs = []
        for listing in self:
            hint, product_id, quantity, method = found[listing]
            if hint == "one":
                pairs.append((listing, [(product_id, quantity)], method))
            elif listing.link_hint != hint:
                listing.link_hint = hint
        return self._link_batch(pairs)

    def _hint_links(self):
        """Say what automatic linking would do, without doing it.

        :return: the listings that were linked: none
        """
        for listing, (hint, *__) in self._find_products().items():
            if listing.link_hint != hint:
                listing.link_hint = hint
        return self.browse()

    def _find_products(self):
        """What automatic linking makes of these listings, in a fixed number of queries.

        :return: ``{listing: (hint, product id or None, quantity, method)}``; hint as in ``link_hint``
        """
        by_sku = self._products_by_key("product.product", "order_channel_sku_key", self.mapped("sku_key"))
        barcodes = self.mapped("barcode_key")
        by_barcode = self._products_by_key("product.product", "order_channel_barcode_key", barcodes)
        by_packaging = self._packagings_by_key(barcodes)
        refused = self._refused_pairs()
        result = {}
        for listing in self:
            candidates = by_sku.get((listing.company_id.id, listing.sku_key), ())
            method, quantities = "sku", dict.fromkeys(candidates, 1.0)
            key = (listing.company_id.id, listing.barcode_key)
            if not quantities:
                method = "barcode"
                quantities = {**dict(by_packaging.get(key, ())), **dict.fromkeys(by_barcode.get(key, ()), 1.0)}
            elif by_barcode.get(key) and not set(candidates) & set(by_barcode[key]):
                result[listing] = ("conflict", None, 1.0, None)
                continue
            allowed = {
                product: number for product, number in quantities.items() if (listing.id, product) not in refused
            }
            if len(allowed) == 1 and len(quantities) == 1:
                product_id, quantity = next(iter(allowed.items()))
                result[listing] = ("one", product_id, quantity, method)
            elif quantities:
                result[listing] = ("refused" if not allowed else "ambiguous", None, 1.0, None)
            else:
                named = listing.sku_key or listing.barcode_key
                result[listing] = ("none" if named else "no_sku", None, 1.0, None)
        return result

    @api.model
    def _products_by_key(self, model, field, keys):
        """``{(company id, key): [product id]}`` for each of the listings' companies; a shared product counts for every one."""
        keys = [key for key in set(keys) if key]
        if not keys:
            return {}
        rows = (
            self.env[model]
            .sudo()
            ._read_group(
                Domain(field, "in", keys) & Domain("company_id", "in", [False, *self.company_id.ids]),
                [field, "company_id"],
                ["id:array_agg"],
            )
        )
        result = defaultdict(list)
        for key, company, ids in rows:
            for company_id in company.ids or self.company_id.ids:
                result[company_id, key] += ids
        return result

    def _packagings_by_key(self, keys):
        """``{(company id, barcode key): [(product id, pieces per packaging)]}``."""
        keys = [key for key in set(keys) if key]
        if not keys:
            return {}
        result = defaultdict(list)
        packagings = self.env["product.uom"].sudo().search([("order_channel_barcode_key", "in", keys)])
        for packaging in packagings:
            product = packaging.product_id
            if not product.active:
                continue
            pieces = packaging.uom_id._compute_quantity(1.0, product.uom_id)
            for company_id in product.company_id.ids or self.company_id.ids:
                result[company_id, packaging.order_channel_barcode_key].append((product.id, pieces))
        return result

    def _refused_pairs(self):
        """``{(listing id, product id)}`` that a person unlinked before: never linked by itself again (rule 3)."""
        lines = self.env["order.channel.mapping.line"].search(
            [("mapping_id.refused", "=", True), ("mapping_id.listing_id", "in", self.ids)]
        )
        return {(line.mapping_id.listing_id.id, line.product_id.id) for line in lines}

    # === LINK, UNLINK === #

    def _link(self, product, quantity=1.0, method="manual"):
        """Make these listings stand for so many of a product. A mapping they had ends; orders that wait for them go on.

        :param product: product.product record
        :param float quantity: pieces in the product's own unit (6.0 for a six-pack)
        :param method: ``manual``, ``sku``, ``barcode`` or ``confirm``
        """
        product.ensure_one()
        return self._link_batch([(listing, [(product.id, quantity)], method) for listing in self])

    def _link_bundle(self, components, method="manual"):
        """Make these listings stand for several products each.

        :param components: ``[(product.product record, quantity)]``
        """
        lines = [(product.id, quantity) for product, quantity in components]
        return self._link_batch([(listing, lines, method) for listing in self])

    def _link_batch(self, pairs, batch=None, note=None, refused=False, release=False):
        """Link many listings in a few statements.

        :param pairs: ``[(listing, [(product id, quantity)], method)]``
        :param batch: order.channel.batch record that this is a part of
        :param str note: why, in a person's words
        :param bool refused: the mappings that end are never to be proposed again
        :param bool release: draft orders that have the mapping that ends get the new one
        :return: the listings
        """
        if not pairs:
            return self.browse()
        listings = self.browse([listing.id for listing, __, __ in pairs])
        listings._check_products([product_id for __, lines, __ in pairs for product_id, __ in lines])
        before = listings.product_id.ids + listings.mapping_id.line_ids.product_id.ids
        if release:
            self.env["order.channel.order.line"]._release(listings.mapping_id)
        listings._end_mappings(refused)
        mappings = self.env["order.channel.mapping"].create(
            [
                {
                    "listing_id": listing.id,
                    "company_id": listing.company_id.id,
                    "method": method,
                    "batch_id": batch and batch.id,
                    "note": note,
                    "line_ids": [
                        fields.Command.create({"product_id": product_id, "quantity": quantity})
                        for product_id, quantity in lines
                    ],
                }
                for listing, lines, method in pairs
            ]
        )
        for (listing, lines, __), mapping in zip(pairs, mappings, strict=True):
            single = lines[0] if len(lines) == 1 else (False, 0.0)
            listing.write(
                {
                    "state": "linked",
                    "mapping_id": mapping.id,
                    "product_id": single[0],
                    "product_quantity": single[1],
                    "link_hint": False,
                    "to_review": False,
                }
            )
        listings._mapping_changed({*before, *(product_id for __, lines, __ in pairs for product_id, __ in lines)})
        return listings

    def _check_products(self, product_ids):
        """Refuse products of another company and the addon's own placeholder."""
        products = self.env["product.product"].browse(set(product_ids)).sudo()
        if self.env.ref("order_channel_mapping.product_placeholder") in products:
            raise UserError(self.env._("The placeholder for unmapped items can't be linked. Choose a real product."))
        companies = self.company_id
        for product in products:
            if product.company_id and product.company_id != companies:
                readable = product.sudo(False).has_access("read")
                raise UserError(
                    self.env._(
                        "%(product)s belongs to another company than the channel. Choose a product of %(company)s.",
                        product=product.display_name if readable else self.env._("This product"),
                        company=companies[:1].display_name,
                    )
                )

    def _end_mappings(self, refused=False):
        ended = self.mapping_id
        ended.write({"ended_at": fields.Datetime.now(), "end_user_id": self.env.uid, "refused": refused})
        ended.flush_recordset(["ended_at"])  # before a new one is inserted: the unique index wants one live mapping

    def _unlink_product(self, state="unconfirmed"):
        """End what the listings stand for: automatic linking won't propose it again. Their draft orders are frozen again;
        those that were processed keep the product."""
        linked = self.filtered("mapping_id")
        products = linked.mapping_id.line_ids.product_id
        released = self.env["order.channel.order.line"]._release(linked.mapping_id)
        linked._end_mappings(refused=True)
        linked.write({"state": state, "mapping_id": False, "product_id": False, "product_quantity": 0.0})
        linked._hint_links()
        released._project()
        linked._mapping_changed(products.ids)

    def _mapping_changed(self, product_ids):
        """Let waiting orders go on and have the quantities worked out again."""
        self.env["order.channel.order.line"]._find_waiting(
            [("listing_id", "in", self.filtered("mapping_id").ids)]
        )._apply_mapping()
        self.env["order.channel.stock.change"]._mark(product_ids)

    # === TWO PEOPLE AT ONCE === #

    def _lock(self):
        """Hold the listings until the transaction ends, so that of two people who link the same one the second looks again:
        Odoo repeats a request that meets a change of another, and then :meth:`_check_unchanged` sees it."""
        if self:
            self.env.cr.execute(
                SQL("SELECT id FROM order_channel_listing WHERE id = ANY(%s) ORDER BY id FOR UPDATE", self.ids)
            )
            self.invalidate_recordset(["state", "mapping_id", "product_id"])

    def _check_unchanged(self, seen):
        """Refuse to overwrite what somebody else did since this person looked.

        :param dict seen: ``{listing: mapping}`` as the person saw it
        :raise UserError: says who did what, and when
        """
        for listing in self:
            if listing.mapping_id != seen[listing]:
                raise UserError(listing._say_who_changed())

    def _say_who_changed(self):
        """What became of the mapping last, by whom and when, in one sentence."""
        return " ".join(reason_text(self.env, *self._who_changed()))

    def _who_changed(self):
        """What became of the mapping last, by whom and when, as code and parameters of a reason."""
        self.ensure_one()
        mapping = self.mapping_id or self.mapping_ids[:1]
        ended = not self.mapping_id
        user = mapping.end_user_id if ended else mapping.user_id
        when = (mapping.ended_at if ended else mapping.started_at) or self.write_date
        params = {
            "item": self.display_name,
            "user": (user or self.write_uid).sudo().name,
            "when": format_datetime(self.env, when),
            "product": mapping._summary() if mapping else "",
            "state": self.state,
        }
        if self.mapping_id:
            return "linked_since", params
        return ("ignored_since" if self.state == "ignored" else "unlinked_since"), params

    # === IGNORE === #

    def _ignore(self):
        """Leave the listings alone: not proposed, not pushed. Refused while orders wait for them."""
        waiting = self.filtered("waiting_order_count")
        if waiting:
            raise UserError(
                self.env._(
                    "Orders wait for %(items)s. Link or confirm them instead; ignoring would leave the orders frozen.",
                    items=", ".join(waiting[:5].mapped("display_name")),
                )
            )
        linked = self.filtered("mapping_id")
        if linked:
            raise UserError(self.env._("Unlink %(item)s first.", item=linked[0].display_name))
        self.write({"state": "ignored"})

    def _unignore(self):
        self.filtered(lambda listing: listing.state == "ignored").write({"state": "unconfirmed"})

    # === ACTIONS: what people may do (group and company are checked, then done in sudo) === #

    def _as_mapper(self):
        """These listings in sudo and held, once it is sure that the user may map them."""
        listings = permitted(self)
        listings._lock()
        return listings

    def action_ignore(self):
        if len(self) > AT_ONCE:
            return self.env["order.channel.batch"]._make("ignore", self)._report()
        return self._as_mapper()._ignore()

    def action_unignore(self):
        self._as_mapper()._unignore()

    def action_unlink_product(self):
        if len(self) > AT_ONCE:
            return self.env["order.channel.batch"]._make("unlink", self)._report()
        return self._as_mapper()._unlink_product()

    def action_auto_link(self):
        """Link by SKU and barcode those of these listings that are certain."""
        linked = self._as_mapper().filtered(lambda listing: listing.state == "unconfirmed")._auto_link()
        return self._notify_done(
            self.env._("%(linked)s of %(all)s items were linked.", linked=len(linked), all=len(self))
        )

    def action_open_link(self):
        """Open the form that asks for the product."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Link to Product"),
            "res_model": "order.channel.link",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_listing_ids": self.ids},
        }

    @api.model
    def _notify_done(self, message):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": message,
                "type": "success",
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
