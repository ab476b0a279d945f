"""What a person did on a draft stays, whatever brings it in line: only what the channel changed since is written."""

from dataclasses import replace
from datetime import timedelta

from odoo.fields import Command

from odoo.addons.order_channel_mapping.connectors import records

from tests.fakes import START, line
from tests.integration.orders_common import OrderCase


class KeptCase(OrderCase):
    def sold(self, *lines, **values):
        self.take(self.order("1", list(lines), **values))
        return self.sale("1")

    def events(self, code):
        return self.channel_order("1").event_ids.filtered(lambda event: event.code == code)

    def answer(self, rate, name, amount, included=False):
        """Somebody says which tax the channel's is."""
        tax = self.env["account.tax"].create(
            {
                "name": name,
                "amount": amount,
                "type_tax_use": "sale",
                "price_include_override": "tax_included" if included else "tax_excluded",
            }
        )
        self.env["order.channel.tax.map"].create(
            {
                "channel_id": self.channel.id,
                "name": f"VAT {rate}",
                "rate": amount,
                "included": included,
                "tax_id": tax.id,
            }
        )
        return tax


class TestTaxAnswers(KeptCase):
    """A tax answered later."""

    def test_a_quantity_edited_by_hand_stays_and_its_tax_fits(self):
        sale = self.sold(line("a", sku="MUG-1", quantity=2, taxes=[("0.07", "1.40", False)]))
        sale.order_line.product_uom_qty = 5.0
        seven = self.answer("0.07", "7%", 7)
        (mug,) = sale.order_line
        self.assertEqual((mug.product_uom_qty, mug.price_unit, mug.tax_ids), (5.0, 10.0, seven))
        self.assertEqual((sale.amount_untaxed, sale.amount_tax, sale.amount_total), (50.0, 3.5, 53.5))
        self.assertEqual(sale.channel_blocker_ids.mapped("code"), ["total"])
        mug.product_uom_qty = 2.0
        self.assertEqual((sale.amount_tax, sale.amount_total), (1.4, 21.4))
        self.assertFalse(sale.channel_to_resolve)

    def test_nobody_edited_the_channels_amounts_are_exact(self):
        sale = self.sold(line("a", sku="MUG-1", quantity=2, taxes=[("0.07", "1.41", False)]))
        self.answer("0.07", "7%", 7)
        self.assertEqual((sale.amount_tax, sale.amount_total, sale.channel_to_resolve), (1.41, 21.41, False))

    def test_price_description_and_discount_stay(self):
        sale = self.sold(line("a", sku="MUG-1", taxes=[("0.07", "0.70", False)]))
        sale.order_line.write({"price_unit": 8.0, "discount": 50.0, "name": "Line a\nBlue, please"})
        seven = self.answer("0.07", "7%", 7)
        (mug,) = sale.order_line
        self.assertEqual((mug.price_unit, mug.discount, mug.name), (8.0, 50.0, "Line a\nBlue, please"))
        self.assertEqual((mug.tax_ids, sale.amount_total), (seven, 4.28))

    def test_a_price_set_before_it_was_known_that_tax_is_included(self):
        sale = self.sold(line("a", sku="MUG-1", price="10.70", taxes=[("0.07", "0.70", True)]))
        self.assertEqual(sale.order_line.price_unit, 10.0)
        sale.order_line.price_unit = 8.0
        self.answer("0.07", "7% included", 7, included=True)
        self.assertEqual((sale.amount_untaxed, sale.amount_total), (8.0, 8.56))

    def test_taxes_chosen_on_the_line_stay(self):
        sale = self.sold(line("a", sku="MUG-1", taxes=[("0.07", "0.70", False)]))
        sale.order_line.tax_ids = self.vat19
        self.answer("0.07", "7%", 7)
        self.assertEqual((sale.order_line.tax_ids, sale.amount_total), (self.vat19, 11.9))

    def test_a_removed_line_does_not_come_back(self):
        tax = [("0.07", "0.70", False)]
        sale = self.sold(line("a", sku="MUG-1", taxes=tax), line("b", sku="TEA-1", taxes=tax))
        sale.order_line[1].unlink()
        self.answer("0.07", "7%", 7)
        self.assertEqual((sale.order_line.product_id, sale.amount_total), (self.mug, 10.7))

    def test_a_discount_edited_by_hand_stays(self):
        sale = self.sold(line("a", sku="MUG-1", discount="2.00", taxes=[("0.07", "0.56", False)]))
        discount = sale.order_line.filtered(lambda sale_line: sale_line.price_unit < 0)
        discount.write({"price_unit": -3.0, "name": "Discount\nfor Bob"})
        seven = self.answer("0.07", "7%", 7)
        self.assertTrue(discount.exists())
        self.assertEqual((discount.price_unit, discount.name, discount.tax_ids), (-3.0, "Discount\nfor Bob", seven))

    def test_a_removed_discount_does_not_come_back(self):
        sale = self.sold(line("a", sku="MUG-1", discount="2.00", taxes=[("0.07", "0.56", False)]))
        sale.order_line.filtered(lambda sale_line: sale_line.price_unit < 0).unlink()
        self.answer("0.07", "7%", 7)
        self.assertEqual(sale.order_line.product_id, self.mug)

    def test_what_people_added_and_where_they_put_it_stays(self):
        tax = [("0.07", "0.70", False)]
        sale = self.sold(line("a", sku="MUG-1", taxes=tax), line("b", sku="TEA-1", taxes=tax))
        mug, tea = sale.order_line
        sale.write(
            {
                "order_line": [
                    Command.create({"display_type": "line_section", "name": "Gifts", "sequence": 5}),
                    Command.create({"display_type": "line_note", "name": "Wrap it", "sequence": 6}),
                    Command.create({"product_id": self.tea.id, "price_unit": 0, "tax_ids": False, "sequence": 7}),
                    Command.update(tea.id, {"sequence": 1}),
                ]
            }
        )
        self.answer("0.07", "7%", 7)
        self.assertEqual(
            sale.order_line.sorted(lambda sale_line: (sale_line.sequence, sale_line.id)).mapped("name"),
            ["Line b", "Gifts", "Wrap it", self.tea.display_name, "Line a"],
        )
        self.assertEqual(mug.tax_ids, tea.tax_ids)


class TestMappings(KeptCase):
    """An item linked, linked to something else, unlinked."""

    def listing(self):
        return self.channel_order("1").line_ids.listing_id

    def test_a_quantity_edited_before_the_item_was_linked(self):
        sale = self.sold(line("a", sku="NEW-1", quantity=3))
        sale.order_line.write({"product_uom_qty": 2.0, "name": sale.order_line.name + "\nBlue, please"})
        self.listing()._link(self.mug, 6.0)
        (mug,) = sale.order_line
        self.assertEqual((mug.product_id, mug.product_uom_qty, sale.amount_total), (self.mug, 12.0, 20.0))
        self.assertEqual(mug.name, "Line a\nBlue, please")
        self.assertEqual(self.channel_order("1").blocker_ids.params["difference"], "-10.00")

    def test_a_price_edited_before_the_item_was_linked_as_a_bundle(self):
        sale = self.sold(line("a", sku="NEW-1", quantity=3))
        sale.order_line.write({"product_uom_qty": 2.0, "price_unit": 5.0})
        self.listing()._link_batch([(self.listing(), [(self.mug.id, 1.0), (self.tea.id, 2.0)], "manual")])
        self.assertEqual(sale.order_line.mapped("product_uom_qty"), [2.0, 4.0])
        self.assertAlmostEqual(sale.amount_total, 10.0, places=1)

    def test_unlinked_and_linked_again(self):
        sale = self.sold(line("a", sku="MUG-1", quantity=3))
        sale.order_line.write({"product_uom_qty": 2.0, "price_unit": 7.0, "name": "Line a\nBlue, please"})
        self.listing().action_unlink_product()
        self.assertTrue(sale.channel_frozen)
        self.assertEqual((sale.order_line.product_uom_qty, sale.order_line.price_unit), (2.0, 7.0))
        self.assertIn("Blue, please", sale.order_line.name)
        self.listing()._link(self.tea, 2.0)
        (tea,) = sale.order_line
        self.assertEqual((tea.product_id, tea.product_uom_qty, tea.price_unit), (self.tea, 4.0, 3.5))
        self.assertEqual((tea.name, sale.channel_frozen), ("Line a\nBlue, please", False))

    def test_a_product_chosen_by_hand_stays(self):
        sale = self.sold(line("a", sku="MUG-1", quantity=3))
        sale.order_line.product_id = self.tea
        self.listing().action_unlink_product()
        self.listing()._link(self.mug, 6.0)
        self.assertEqual((sale.order_line.product_id, sale.order_line.product_uom_qty), (self.tea, 3.0))
        self.assertEqual(sale.amount_total, 30.0)

    def test_a_removed_line_does_not_come_back_as_a_bundle(self):
        sale = self.sold(line("a", sku="MUG-1"), line("b", sku="TEA-1"))
        listing = self.channel_order("1").line_ids[0].listing_id
        sale.order_line[0].unlink()
        listing.action_unlink_product()
        listing._link_batch([(listing, [(self.mug.id, 1.0), (self.tea.id, 2.0)], "manual")])
        self.assertEqual(sale.order_line.mapped("name"), ["Line b"])


class TestRevisions(KeptCase):
    """The channel changes something."""

    def test_a_plugins_state_moves_and_the_note_stays(self):
        def version(state, **values):
            return line("a", sku="MUG-1", attributes={"Pet": "Rex", "state": state}, **values)

        sale = self.sold(version("New"))
        sale.order_line.name += "\nnote of ours"
        self.sold(version("In Progress"))
        self.assertEqual(sale.order_line.name, "Line a\nPet: Rex\nstate: In Progress\nnote of ours")
        self.sold(version("Done", quantity=2))
        self.assertEqual(sale.order_line.name, "Line a\nPet: Rex\nstate: Done\nnote of ours")
        self.assertEqual((sale.order_line.product_uom_qty, sale.channel_to_resolve), (2.0, False))

    def test_a_price_edited_by_hand_stays_while_the_quantity_changes(self):
        sale = self.sold(line("a", sku="MUG-1"))
        sale.order_line.price_unit = 8.0
        self.sold(line("a", sku="MUG-1", quantity=3))
        self.assertEqual((sale.order_line.price_unit, sale.order_line.product_uom_qty), (8.0, 3.0))
        self.assertFalse(self.events("replaced"))

    def test_the_channels_word_on_the_same_field_counts_and_is_on_record(self):
        sale = self.sold(line("a", sku="MUG-1", quantity=2))
        sale.order_line.product_uom_qty = 5.0
        self.sold(line("a", sku="MUG-1", quantity=3))
        self.assertEqual((sale.order_line.product_uom_qty, sale.channel_to_resolve), (3.0, False))
        event = self.events("replaced")
        self.assertEqual(event.line_id, self.channel_order("1").line_ids)
        self.assertEqual(event.text, "The channel changed what was changed by hand: Quantity 5 → 3")

    def test_taxes_that_give_way_are_named(self):
        sale = self.sold(line("a", sku="MUG-1", taxes=[("0.19", "1.90", False)]))
        sale.order_line.tax_ids = False
        seven = self.env["account.tax"].create({"name": "7%", "amount": 7, "type_tax_use": "sale"})
        self.sold(line("a", sku="MUG-1", taxes=[("0.07", "0.70", False)]))
        self.assertEqual((sale.order_line.tax_ids, sale.amount_total), (seven, 10.7))
        self.assertIn("7%", self.events("replaced").text)

    def test_taxes_taken_off_by_hand_stay_off(self):
        sale = self.sold(line("a", sku="MUG-1", taxes=[("0.19", "1.90", False)]))
        sale.order_line.tax_ids = False
        self.sold(line("a", sku="MUG-1", quantity=2, taxes=[("0.19", "3.80", False)]))
        self.assertEqual((sale.order_line.tax_ids.ids, sale.amount_total), ([], 20.0))

    def test_included_taxes_taken_off_by_hand_leave_the_price(self):
        included = self.vat19.copy({"name": "19% incl.", "price_include_override": "tax_included"})
        sale = self.sold(line("a", sku="MUG-1", quantity=2, price="11.90", taxes=[("0.19", "3.80", True)]))
        self.assertEqual((sale.order_line.tax_ids, sale.amount_untaxed), (included, 20.0))
        sale.order_line.tax_ids = False
        self.assertEqual((sale.amount_untaxed, sale.amount_total, sale.channel_to_resolve), (23.8, 23.8, False))
        self.mug.invoice_policy = "order"
        sale.action_channel_process()
        self.assertEqual(sale._create_invoices().amount_total, 23.8)
        sale.order_line.tax_ids = included
        self.assertEqual((sale.amount_untaxed, sale.amount_total), (20.0, 23.8))

    def test_a_line_that_the_channel_took_off_tells_of_what_was_changed_on_it(self):
        sale = self.sold(line("a", sku="MUG-1"), line("b", sku="TEA-1"))
        sale.order_line[1].name += "\nnote of ours"
        self.sold(line("a", sku="MUG-1"))
        self.assertEqual(sale.order_line.product_id, self.mug)
        self.assertIn("Line b", self.events("edited_gone").text)

    def test_the_same_fetched_again_in_another_order_of_lines(self):
        sale = self.sold(line("a", sku="MUG-1"), line("b", sku="TEA-1"))
        mug, tea = sale.order_line
        mug.product_uom_qty = 4.0
        self.sold(line("c", sku="TEA-1", price="1.00"), line("a", sku="MUG-1"), line("b", sku="TEA-1"))
        self.assertEqual((mug.product_uom_qty, mug.sequence, tea.sequence), (4.0, 11, 12))

    def test_looking_again_writes_nothing(self):
        taxes = [("0.19", "1.90", False), ("0.05", "0.50", False, "marketplace")]
        lines = [line("a", sku="MUG-1", quantity=3, subtotal=10, discount=1, taxes=taxes, attributes={"Pet": "Rex"})]
        sale = self.sold(*lines, line("b", sku="NEW-1"), line("s", kind=records.LineKind.SHIPPING, price="4.95"))
        self.env.flush_all()
        self.env.cr.execute("UPDATE sale_order_line SET write_date = '2026-01-01'")
        self.env.invalidate_all()
        self.channel_order("1")._recheck()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual({str(date) for date in sale.order_line.mapped("write_date")}, {"2026-01-01 00:00:00"})

    def test_amounts_are_the_channels_where_nobody_edited(self):
        sale = self.sold(line("a", sku="MUG-1", quantity=3, price="3.33", taxes=[("0.19", "1.90", False)]))
        self.sold(line("a", sku="MUG-1", quantity=3, subtotal=10, taxes=[("0.19", "1.91", False)]))
        self.assertEqual((sale.amount_total, sale.channel_to_resolve), (11.91, False))


class TestHeader(KeptCase):
    """Addresses, date, note and warehouse of the order."""

    def setUp(self):
        super().setUp()
        self.line = line("a", sku="MUG-1")
        self.elsewhere = replace(self.address(), street="99 New Rd")
        self.partner = self.env["res.partner"].create({"name": "Neighbour", "street": "3 Main St"})

    def test_what_the_channel_did_not_change_stays(self):
        sale = self.sold(self.line, note="Ring twice")
        date = (START + timedelta(days=9)).replace(tzinfo=None)
        other = self.env["stock.warehouse"].create({"name": "Other", "code": "OTH", "company_id": self.env.company.id})
        sale.write(
            {
                "partner_shipping_id": self.partner.id,
                "partner_invoice_id": self.partner.id,
                "commitment_date": date,
                "warehouse_id": other.id,
                "note": str(sale.note) + "<p>Our terms</p>",
            }
        )
        self.sold(self.line, note="Ring twice", total=11)
        self.assertEqual((sale.partner_shipping_id, sale.partner_invoice_id), (self.partner, self.partner))
        self.assertEqual((sale.commitment_date, sale.warehouse_id), (date, other))
        self.sold(self.line, note="Ring thrice")
        self.assertEqual((sale.partner_shipping_id, sale.commitment_date), (self.partner, date))
        self.assertEqual(sale.note.striptags(), "Ring thriceOur terms")
        self.sold(self.line, note="Ring thrice", ship_by=START + timedelta(days=2))
        self.assertEqual(sale.commitment_date, (START + timedelta(days=2)).replace(tzinfo=None))
        self.assertEqual(sale.partner_shipping_id, self.partner)
        self.assertIn("Delivery Date", self.events("replaced").text)

    def test_a_note_written_on_a_draft_survives_every_change_of_the_buyers(self):
        sale = self.sold(self.line)
        sale.note = "<p>Ours: <b>fragile</b></p>"
        for note in ("Ring twice", "Bob's & Ann's <door>\nsecond line", "Ring once", None):
            self.sold(self.line, note=note)
            self.assertIn("<b>fragile</b>", sale.note)
            for words in (note or "").splitlines():
                self.assertIn(words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"), sale.note)
        self.assertNotIn("Ring", sale.note)

    def test_a_new_address_counts_and_tells_what_it_replaced(self):
        sale = self.sold(self.line)
        sale.partner_shipping_id = self.partner
        self.sold(self.line, shipping=self.elsewhere)
        self.assertEqual(sale.partner_shipping_id.street, "99 New Rd")
        self.assertIn("Neighbour", self.events("replaced").text)

    def test_what_changed_while_it_was_cancelled_here_counts_once_it_is_set_back(self):
        sale = self.sold(self.line, note="Ring once", ship_by=START)
        sale.note = str(sale.note) + "<p>Ours</p>"
        sale._action_cancel()
        date = START + timedelta(days=2)
        self.sold(self.line, note="Ring twice", ship_by=date, shipping=self.elsewhere)
        self.assertEqual(sale.state, "cancel")
        sale.action_draft()
        self.assertEqual(sale.partner_shipping_id.street, "99 New Rd")
        self.assertEqual(sale.note.striptags(), "Ring twiceOurs")
        self.assertEqual(sale.commitment_date, date.replace(tzinfo=None))

    def test_a_contact_put_right_by_hand_stays_the_address(self):
        sale = self.sold(self.line, shipping=self.elsewhere)
        contact = sale.partner_shipping_id
        contact.street = "99 New Road"
        self.sold(self.line, shipping=self.elsewhere, note="Ring twice")
        self.assertEqual(sale.partner_shipping_id, contact)
