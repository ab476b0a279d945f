"""The buyer hears from the channel, not from Odoo (rule 8), whichever way a message takes."""

from unittest.mock import patch

from .silence_common import SilenceCase


class TestSilence(SilenceCase):
    # === BY ITSELF: NOTHING GOES OUT === #

    def test_messages_and_confirmations_reach_colleagues_only(self):
        self.sold.message_subscribe(self.buyer.ids)
        self.sold.with_context(send_email=True).action_confirm()
        self.post(self.sold)
        self.assertFalse(self.mails_to(self.buyer))
        self.assertTrue(self.mails_to(self.clerk.partner_id))
        self.allow()
        self.post(self.sold)
        self.assertTrue(self.mails_to(self.buyer))

    def told(self, act):
        """What the user is told, by a notification on the screen, while ``act`` runs."""
        with patch.object(self.registry["res.users"], "_bus_send", autospec=True) as sent:
            act()
        calls = [call.args for call in sent.call_args_list if call.args[1] == "simple_notification"]
        return [(user, message["message"]) for user, __, message in calls]

    def test_whoever_writes_to_the_buyer_is_told_that_it_stays_here(self):
        [(user, text)] = self.told(lambda: self.post(self.sold.with_user(self.clerk)))
        self.assertEqual(user, self.clerk)
        self.assertEqual(
            text, f"Not sent to {self.buyer.name}: the buyer hears from {self.channel.name}, not from Odoo."
        )

    def test_a_message_that_everybody_gets_says_nothing(self):
        self.sold.message_subscribe(self.buyer.ids)
        note = {"body": "hello", "message_type": "comment", "subtype_xmlid": "mail.mt_comment"}
        self.assertFalse(self.told(lambda: self.sold.message_post(partner_ids=self.clerk.partner_id.ids, **note)))
        self.allow()
        self.assertFalse(self.told(lambda: self.post(self.sold)))

    def test_a_channels_documents_notify_colleagues_only(self):
        """What the app *sms* goes by as well."""
        invoice = self.invoice()
        for document in (self.sold, self.sold.picking_ids, invoice):
            notified = self.post(document).notification_ids.res_partner_id
            self.assertEqual(notified, self.clerk.partner_id, document)

    def deliver(self):
        delivery = self.sold.picking_ids
        delivery.move_ids.quantity = 1.0
        delivery.button_validate()
        self.assertEqual(delivery.state, "done")

    def test_a_validated_delivery_writes_to_nobody(self):
        self.env.company.stock_move_email_validation = True
        self.sold.action_confirm()
        self.deliver()
        self.assertFalse(self.mails_to(self.buyer))

    def test_a_validated_delivery_writes_where_the_channel_allows(self):
        self.env.company.stock_move_email_validation = True
        self.allow()
        self.sold.action_confirm()
        self.deliver()
        self.assertTrue(self.mails_to(self.buyer))

    def test_a_template_that_is_sent_directly_is_held_back_and_says_why(self):
        template = self.env["mail.template"].create(
            {
                "name": "Review us",
                "model_id": self.env["ir.model"]._get_id("sale.order"),
                "subject": "Review us",
                "body_html": "<p>Please</p>",
                "email_to": "mary@example.com",
                "partner_to": str(self.buyer.id),
                "use_default_to": False,
            }
        )
        mail = self.env["mail.mail"].browse(template.send_mail(self.sold.id))
        self.assertEqual((mail.state, mail.recipient_ids.ids, mail.email_to), ("cancel", [], False))
        self.assertEqual(mail.failure_reason, "The buyer hears from the channel, not from Odoo.")
        template.partner_to = f"{self.buyer.id},{self.clerk.partner_id.id}"
        mail = self.env["mail.mail"].browse(template.send_mail(self.sold.id))
        self.assertEqual((mail.state, mail.recipient_ids), ("outgoing", self.clerk.partner_id))
        self.allow()
        mail = self.env["mail.mail"].browse(template.send_mail(self.sold.id))
        self.assertIn(self.buyer, mail.recipient_ids)

    def test_other_documents_of_the_same_contact_are_none_of_the_channels_business(self):
        own = self.env["sale.order"].create({"partner_id": self.buyer.id})
        self.post(own)
        self.assertTrue(self.mails_to(self.buyer))

    def test_an_invoice_that_is_sent_by_itself_stays_here(self):
        invoice = self.invoice()
        self.env["account.move.send"]._generate_and_send_invoices(invoice)
        self.env["account.move.send"]._generate_and_send_invoices(invoice, sending_methods=["email"])
        self.assertFalse(self.mails_to(self.buyer))

    # === BY HAND: THE BUYER IS LEFT OUT UNLESS NAMED === #

    def wizard(self, invoice):
        return (
            self.env["account.move.send.wizard"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({})
        )

    def test_the_invoice_wizard_warns_and_leaves_the_buyer_out(self):
        wizard = self.wizard(self.invoice())
        self.assertFalse(wizard.sending_methods, "e-mail is not ticked")
        self.assertFalse(wizard.mail_partner_ids)
        alert = wizard.alerts["order_channel_silent"]
        self.assertEqual(alert["level"], "warning")
        self.assertRegex(alert["message"], r"^The buyers of Test shop hear from there")
        wizard.template_id = False
        self.assertFalse(wizard.mail_partner_ids)

    def test_a_buyer_whom_a_person_names_gets_the_invoice(self):
        invoice = self.invoice()
        follower = self.env["res.partner"].create({"name": "Buyer's accountant", "email": "books@example.com"})
        invoice.message_subscribe(follower.ids)
        wizard = self.wizard(invoice)
        wizard.sending_methods = ["email"]
        wizard.mail_partner_ids = self.buyer
        wizard.action_send_and_print()
        self.assertTrue(self.mails_to(self.buyer))
        self.assertFalse(self.mails_to(follower))

    def test_where_the_channel_allows_the_wizard_is_odoos_own(self):
        self.allow()
        wizard = self.wizard(self.invoice())
        self.assertEqual(wizard.sending_methods, ["email"])
        self.assertEqual(wizard.mail_partner_ids, self.buyer)
        self.assertNotIn("order_channel_silent", wizard.alerts or {})
