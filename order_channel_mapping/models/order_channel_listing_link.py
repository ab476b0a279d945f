from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_datetime

from ..tools.guard import permitted
from ..tools.reasons import reason_text

#: mappings made by rules, without a person who chose the product: the channel may want them to be reviewed
BY_RULES = ("sku", "barcode", "name", "copy")


class OrderChannelListing(models.Model):
    """Linking: which product, and how many of it, a listing stands for. Links never change the product."""

    _inherit = "order.channel.listing"

    # What looking again at all of a channel's goes by: each step as quick as the first, whatever PostgreSQL knows of the table.
    _unconfirmed_idx = models.Index("(channel_id, id) WHERE state = 'unconfirmed'")

    # === AUTOMATIC LINKING === #

    def _auto_link(self, new=False):
        """Link what is certain: the SKU, else the barcode, belongs to exactly one product. The rest says why not.

        :param new: they were made in this transaction, see :meth:`_link_batch`
        :return: the listings that were linked
        """
        if not self:
            return self
        found = self._find_products()
        certain = self.filtered(lambda listing: found[listing].hint == "one")
        (self - certain)._take_hints(found)
        pairs = [(listing, found[listing].components, found[listing].method) for listing in certain]
        return self._link_batch(pairs, new=new)

    def _hint_links(self):
        """Say what automatic linking would do, without doing it.

        :return: the listings that were linked: none
        """
        self._take_hints(self._find_products())
        return self.browse()

    def _take_hints(self, found):
        """Write what :meth:`_find_products` says of these listings, one write for each hint that is new to some of them."""
        for hint, listings in self.grouped(lambda listing: found[listing].hint).items():
            changed = listings.filtered(lambda listing, hint=hint: listing.link_hint != hint)
            if changed:
                changed.link_hint = hint

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

    def _link_batch(self, pairs, batch=None, note=None, refused=False, release=False, new=False):
        """Link many listings in a few statements.

        :param pairs: ``[(listing, [(product id, quantity)], method)]``
        :param batch: order.channel.batch record that this is a part of
        :param str note: why, in a person's words
        :param bool refused: the mappings that end are never to be proposed again
        :param bool release: draft orders that have the mapping that ends get the new one
        :param bool new: the listings were made in this transaction, their products found by :meth:`_find_products`: no order
            can wait for them, and what is promised elsewhere stays as it is
        :return: the listings
        """
        if not pairs:
            return self.browse()
        listings = self.browse([listing.id for listing, __, __ in pairs])
        if not new:
            listings._check_products([product_id for __, lines, __ in pairs for product_id, __ in lines])
        before = []
        if not new:
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
                }
                for listing, __, method in pairs
            ]
        )
        self.env["order.channel.mapping.line"].create(
            [
                {"mapping_id": mapping.id, "product_id": product_id, "quantity": quantity}
                for mapping, (__, lines, __) in zip(mappings, pairs, strict=True)
                for product_id, quantity in lines
            ]
        )
        listings._take_mappings(mappings)
        if new:
            # where stock is not pushed now, all listings are marked when it begins to be
            self.env["order.channel.stock.change"]._mark_listings_later(listings.filtered("channel_id.push_stock"))
        else:
            after = {product_id for __, lines, __ in pairs for product_id, __ in lines}
            listings._mapping_changed({*before, *after}, at_once=release)
        return listings

    def _take_mappings(self, mappings):
        """Have the listings point to their new mappings, and to the product where it is just one.

        SQL: one statement, where the ORM would write listing by listing, because no two get the same values: that took a
        third of the time of linking a page.
        """
        names = ["state", "mapping_id", "product_id", "product_quantity", "link_hint", "linked_sku"]
        names += ["to_review", "review_code", "write_uid", "write_date"]
        self.flush_recordset([*names, "sku"])
        mappings.flush_recordset()
        mappings.line_ids.flush_recordset()
        self.channel_id.flush_recordset(["review_links"])
        self.env.cr.execute(
            SQL(
                """
                UPDATE order_channel_listing listing
                   SET state = 'linked', mapping_id = given.mapping_id, link_hint = NULL,
                       to_review = given.review,
                       review_code = CASE WHEN given.review THEN 'linked_' || given.method END,
                       product_id = CASE WHEN given.products = 1 THEN given.product_id END,
                       product_quantity = CASE WHEN given.products = 1 THEN given.quantity ELSE 0 END,
                       linked_sku = listing.sku,
                       write_uid = %s, write_date = %s
                  FROM (SELECT mapping.id AS mapping_id, mapping.listing_id, mapping.method, count(*) AS products,
                               min(line.product_id) AS product_id, min(line.quantity) AS quantity,
                               mapping.method = ANY(%s) AND channel.review_links IS TRUE AS review
                          FROM order_channel_mapping mapping
                          JOIN order_channel_mapping_line line ON line.mapping_id = mapping.id
                          JOIN order_channel_listing listing ON listing.id = mapping.listing_id
                          JOIN order_channel channel ON channel.id = listing.channel_id
                         WHERE mapping.id = ANY(%s)
                         GROUP BY mapping.id, channel.id) given
                 WHERE listing.id = given.listing_id
                """,
                self.env.uid,
                self.env.cr.now(),
                list(BY_RULES),
                mappings.ids,
            )
        )
        self.invalidate_recordset(names, flush=False)
        self.modified(names)

    def _check_products(self, product_ids):
        """Refuse products of another company and the addon's own placeholder."""
        product_ids = set(product_ids)
        if self.env["ir.model.data"]._xmlid_to_res_id("order_channel_mapping.product_placeholder") in product_ids:
            raise UserError(self.env._("The placeholder for unmapped items can't be linked. Choose a real product."))
        companies = self.company_id
        of_each = companies._channel_product_companies().values()
        allowed = [False, *(frozenset.intersection(*of_each) if of_each else ())]
        foreign = (
            self.env["product.product"]
            .sudo()
            .with_context(active_test=False)
            .search([("id", "in", list(product_ids)), ("company_id", "not in", allowed)], limit=1)
        )
        if foreign:
            readable = foreign.sudo(False).has_access("read")
            raise UserError(
                self.env._(
                    "%(product)s belongs to another company than the channel. Choose a product of %(company)s.",
                    product=foreign.display_name if readable else self.env._("This product"),
                    company=companies[:1].display_name,
                )
            )

    def _end_mappings(self, refused=False, note=None):
        ended = self.mapping_id
        values = {"end_user_id": self.env.uid, "refused": refused, "end_note": note}
        ended.write({"ended_at": fields.Datetime.now(), **values})
        ended.flush_recordset(["ended_at"])  # before a new one is inserted: the unique index wants one live mapping

    def _unlink_product(self, state="unconfirmed", note=None):
        """End what the listings stand for: automatic linking won't propose it again. Their draft orders are frozen again;
        those that were processed keep the product.

        :param state: what the listings are from then on
        :param str note: why, in a person's words
        """
        linked = self.filtered("mapping_id")
        products = linked.mapping_id.line_ids.product_id
        released = self.env["order.channel.order.line"]._release(linked.mapping_id)
        linked._end_mappings(refused=True, note=note)
        linked._looks_right()
        linked.write({"state": state, "mapping_id": False, "product_id": False, "product_quantity": 0.0})
        linked._hint_links()
        released._project()
        linked._mapping_changed(products.ids)

    def _mapping_changed(self, product_ids, at_once=False):
        """Let waiting orders go on and have the quantities worked out again.

        :param at_once: however many orders wait
        """
        Line = self.env["order.channel.order.line"]
        mapped = [("listing_id", "in", self.ids), ("mapping_id", "=", False)]
        if Line.search_count(mapped, limit=1):  # most have none: to know that costs far less than to find them
            Line._find_waiting(mapped)._go_on(at_once)
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

    # === ACTIONS: what people may do (group and company are checked, then done in sudo) === #

    def _as_mapper(self):
        """These listings in sudo and held, once it is sure that the user may map them."""
        listings = permitted(self)
        listings._lock()
        return listings

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
