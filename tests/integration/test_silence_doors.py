"""Rule 8 at every other door: text messages, mass mail, receipts, letters, shared links, other apps. The buyer's own orders in
Odoo, and everybody else's, go out as ever."""

from odoo.fields import Command

from odoo.addons.order_channel_mapping.tools.silence import is_silent

from .silence_common import SilenceCase


class TestDoors(SilenceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_buyer = cls.env["res.partner"].create(
            {"name": "Walk-in", "email": "walkin@example.com", "phone": "+1 555 0199"}
        )
        cls.own = cls.env["sale.order"].create(
            {"partner_id": cls.other_buyer.id, "order_line": [Command.create({"product_id": cls.mug.id})]}
        )
        cls.both = cls.sold + cls.own

    # === TEXT MESSAGES === #

    def texts(self):
        """Text messages that were sent, wait to be, or failed on the way."""
        return self.env["sms.sms"].search([("state", "!=", "canceled")])

    def composer(self, orders, mode, **values):
        return orders.env["sms.composer"].create(
            {
                "composition_mode": mode,
                "res_model": orders._name,
                "res_ids": str(orders.ids),
                "res_id": orders.id if len(orders) == 1 else False,
                "body": "Hello",
                **values,
            }
        )

    def test_mass_texts_leave_the_buyer_out(self):
        for keep_log in (True, False):
            with self.subTest(keep_log=keep_log):
                self.texts().unlink()
                self.composer(self.both, "mass", mass_keep_log=keep_log)._action_send_sms()
                self.assertEqual(self.texts().partner_id, self.other_buyer)
                self.assertEqual(
                    len(self.env["sms.sms"].search([("state", "=", "canceled")])), 2 if not keep_log else 1
                )

    def test_mass_texts_say_how_many_get_one(self):
        composer = self.composer(self.both.with_context(default_composition_mode="mass"), "mass")
        self.assertEqual((composer.recipient_valid_count, composer.recipient_invalid_count), (1, 1))

    def test_a_server_action_texts_no_buyer(self):
        template = self.env["sms.template"].create(
            {"name": "Hello", "model_id": self.env["ir.model"]._get_id("sale.order"), "body": "Hello"}
        )
        for method in ("sms", "comment", "note"):
            with self.subTest(method):
                self.texts().unlink()
                action = self.env["ir.actions.server"].create(
                    {
                        "name": "Text",
                        "state": "sms",
                        "sms_method": method,
                        "sms_template_id": template.id,
                        "model_id": template.model_id.id,
                    }
                )
                action.with_context(active_model="sale.order", active_ids=self.both.ids, active_id=None).run()
                self.assertEqual(self.texts().partner_id, self.other_buyer)

    def test_no_document_texts_its_buyer(self):
        invoice = self.invoice()
        for document in (self.sold, self.sold.picking_ids, invoice):
            with self.subTest(document._name):
                document._message_sms("Hello", partner_ids=self.buyer.ids, put_in_queue=True)
                document._message_sms("Hello", sms_numbers=["+15550100"], put_in_queue=True)
                document._message_sms("Hello", put_in_queue=True)
                self.composer(document, "comment")._action_send_sms()
        self.assertFalse(self.texts())

    def test_where_the_channel_allows_texts_go_out(self):
        self.allow()
        self.composer(self.both, "mass")._action_send_sms()
        self.sold._message_sms("Hello", put_in_queue=True)
        self.assertEqual(self.texts().partner_id, self.other_buyer + self.buyer)

    # === E-MAIL TO A SELECTION === #

    def mail_composer(self, orders, mode="mass_mail", **values):
        return self.env["mail.compose.message"].create(
            {
                "composition_mode": mode,
                "model": orders._name,
                "res_ids": str(orders.ids),
                "subject": "Hello",
                "body": "<p>Hello</p>",
                **values,
            }
        )

    def test_a_mass_mail_leaves_the_buyer_out_and_says_so(self):
        self.own.message_subscribe(self.other_buyer.ids)
        template = self.env["mail.template"].create(
            {
                "name": "Hello",
                "model_id": self.env["ir.model"]._get_id("sale.order"),
                "subject": "Hello",
                "body_html": "<p>Hello</p>",
                "use_default_to": True,
            }
        )
        for keep_log in (False, True):
            with self.subTest(keep_log=keep_log):
                composer = self.mail_composer(
                    self.both,
                    template_id=template.id,
                    auto_delete=not keep_log,
                    auto_delete_keep_log=keep_log,
                    force_send=False,
                )
                text = (
                    "The buyers of Test shop hear from there, not from Odoo: they are left out of the e-mail of "
                    f"{self.sold.name}."
                )
                self.assertEqual(composer.channel_silence_text, text)
                answer = composer.action_send_mail()
                self.env.flush_all()
                self.assertEqual((answer["tag"], answer["params"]["message"]), ("display_notification", text))
                self.assertFalse(self.mails_to(self.buyer))
                self.assertTrue(self.mails_to(self.other_buyer))
                held = self.env["mail.mail"].search([("model", "=", "sale.order"), ("res_id", "=", self.sold.id)])
                self.assertEqual(set(held.mapped("state")), {"cancel"})
                self.assertEqual(set(held.mapped("failure_type")), {"order_channel_silent"})

    def test_a_mass_mail_of_others_says_nothing(self):
        answer = self.mail_composer(self.own, force_send=False).action_send_mail()
        self.assertEqual(answer["type"], "ir.actions.act_window_close")

    def test_send_on_a_selection_opens_for_the_others(self):
        action = self.both.action_quotation_send()
        self.assertEqual(action["context"]["default_composition_mode"], "mass_mail")
        composer = self.env["mail.compose.message"].with_context(**action["context"]).create({})
        self.assertIn(self.sold.name, composer.channel_silence_text)

    # === OTHER DOCUMENTS === #

    def test_a_receipt_goes_to_no_buyer(self):
        invoice = self.invoice()
        wizard = self.env["account.payment.register"].with_context(active_model="account.move", active_ids=invoice.ids)
        payment = wizard.create({})._create_payments()
        self.assertTrue(is_silent(payment))
        self.post(payment)
        template = self.env.ref("account.mail_template_data_payment_receipt")
        template.send_mail(payment.id)
        self.assertFalse(self.mails_to(self.buyer))

    def test_what_other_apps_write_of_an_order(self):
        """A task, a ticket, a coupon points to the order or a line of it; here a line stands for them."""
        friend = self.env["res.partner"].create({"name": "Friend", "email": "friend@example.com"})
        document = self.sold.order_line[0]
        mail = self.env["mail.mail"].create(
            {
                "model": document._name,
                "res_id": document.id,
                "recipient_ids": [Command.set((self.buyer + friend).ids)],
                "email_to": "Mary <MARY@example.com>, someone@example.com",
            }
        )
        self.assertEqual((mail.state, mail.recipient_ids, mail.email_to), ("outgoing", friend, "someone@example.com"))
        mail = self.env["mail.mail"].create(
            {"model": document._name, "res_id": document.id, "email_to": "mary@example.com"}
        )
        self.assertEqual((mail.state, mail.email_to), ("cancel", False))

    def test_an_invoice_is_posted_to_nobody_by_letter(self):
        invoice = self.invoice()
        self.buyer.invoice_sending_method = "snailmail"
        send = self.env["account.move.send"]
        self.assertEqual(send._get_default_sending_methods(invoice), {"manual"})
        self.allow()
        self.assertEqual(set(send._get_default_sending_methods(invoice)), {"snailmail"})

    # === BY HAND === #

    def test_no_message_proposes_the_buyer(self):
        invoice = self.invoice()
        self.sold.message_subscribe(self.buyer.ids)
        for document in (self.sold, self.sold.picking_ids, invoice):
            self.assertFalse(document._message_get_suggested_recipients(), document)
        self.assertEqual(self.own._message_get_suggested_recipients()[0]["partner_id"], self.other_buyer.id)
        self.allow()
        self.assertEqual(self.sold._message_get_suggested_recipients()[0]["partner_id"], self.buyer.id)

    def test_whoever_shares_an_order_types_in_with_whom(self):
        other = self.env["res.partner"].create({"name": "Friend", "email": "friend@example.com"})
        self.sold.message_subscribe(other.ids)
        share = self.env["portal.share"].create(
            {"res_model": "sale.order", "res_id": self.sold.id, "partner_ids": [Command.set(self.buyer.ids)]}
        )
        share.action_send_mail()
        self.assertTrue(self.mails_to(self.buyer))
        self.assertFalse(self.mails_to(other))
