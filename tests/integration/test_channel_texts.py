"""Texts of a channel are text: wherever they come to stand in HTML they are escaped, and nothing is loaded from outside."""

from odoo.tools import SQL

from odoo.addons.order_channel_mapping.connectors import records

from tests.fakes import START, connected, item, line
from tests.integration.orders_common import OrderCase

EVIL = '<img src="http://evil.example/x.png"><b>bold</b> & <script>x</script>'


class TestChannelTexts(OrderCase):
    chatter = True

    def test_the_buyers_note_is_escaped_and_keeps_its_lines(self):
        self.take(self.order("1", [line("a", sku="MUG-1")], note="2 < 3\n" + EVIL + "\r\n  bye"))
        note = self.sale("1").note
        self.assertNotIn("<img", note)
        self.assertNotIn("<b>", note)
        self.assertNotIn("<script", note)
        self.assertIn("2 &lt; 3<br>&lt;img", note.replace("<br/>", "<br>"))
        self.assertIn("<br>  bye", note.replace("<br/>", "<br>"))

    def test_no_note_is_none(self):
        self.take(self.order("1", [line("a", sku="MUG-1")]))
        self.assertFalse(self.sale("1").note)

    def test_no_html_anywhere_has_it(self):
        """Everything that a channel may say, then every HTML field of every model."""
        address = records.Address(
            name=EVIL, company=EVIL, street=EVIL, city=EVIL, zip="1", country=self.country_code, phone=EVIL
        )
        buyer = records.Buyer(ref=EVIL, name=EVIL, email="a@example.com", phone=EVIL)
        self.connector.items = [item("var-1", sku="EVIL", name=EVIL, attributes={EVIL: EVIL})]
        with connected(self.env, self.connector):
            self.channel._sync_items()
        sold = [
            line("a", "var-1", sku="EVIL", name=EVIL, attributes={EVIL: EVIL}),
            line("b", sku=EVIL, name=EVIL, kind=records.LineKind.PRODUCT),
        ]
        values = {"number": EVIL, "note": EVIL, "hold": EVIL, "buyer": buyer, "billing": address, "shipping": address}
        self.take(self.order("1", sold, **values, shipping_method=EVIL))
        sale = self.sale("1")
        unmapped = sale.channel_blocker_ids.filtered(lambda blocker: blocker.code == "unmapped").listing_id
        unmapped._confirm()
        self.take(self.order("1", sold, **{**values, "hold": None}, updated_at=START.replace(day=9)))
        self.assertFalse(sale.channel_to_resolve, sale.channel_blocker_ids.mapped("text"))
        sale.order_line[0].price_unit += 1  # on record
        sale.channel_blocker_ids.action_keep_change()
        sale.action_channel_process()
        sale._create_invoices().action_post()
        sale.message_post(body=self.env._("About %(order)s", order=sale.client_order_ref))
        self.channel._record_failures("order", None, [(EVIL, "rejected", {"message": EVIL}, None)])
        self.env.flush_all()
        seen = 0
        for model in self.env.values():
            for field in model._fields.values():
                if field.type != "html" or not field.store or field.inherited or model._abstract or not model._auto:
                    continue
                column = SQL("%s::text", SQL.identifier(field.name))
                table = SQL.identifier(model._table)
                for (found,) in self.env.execute_query(
                    SQL("SELECT %s FROM %s WHERE %s LIKE %s", column, table, column, "%evil.example%")
                ):
                    seen += 1
                    with self.subTest(str(field)):
                        self.assertNotRegex(found, r"<(img|b|script)\b[^>]*>(?=[^<]*(evil|bold|x))")
                        self.assertNotIn("<img", found)
        self.assertGreater(seen, 1, "the note and the invoice's terms at least")
