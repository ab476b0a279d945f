"""What the tests of silence share: a processed order of a channel, its buyer, and a colleague who gets e-mails."""

from tests.fakes import line

from .orders_common import OrderCase


class SilenceCase(OrderCase):
    chatter = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mug.invoice_policy = "order"
        [cls.sold] = cls.bring(cls.order("1", [line("a", sku="MUG-1")]))
        cls.buyer = cls.sold.partner_id
        cls.buyer.write({"email": "mary@example.com", "phone": "+1 555 0100"})
        cls.clerk = cls.new_user("silence_clerk", "sales_team.group_sale_salesman", email="clerk@example.com")
        cls.clerk.notification_type = "email"

    def mails_to(self, partner):
        """E-mails to this contact that were sent or wait to be."""
        mails = self.env["mail.mail"].search(
            ["|", ("recipient_ids", "in", partner.ids), ("email_to", "like", partner.email)]
        )
        return mails.filtered(lambda mail: mail.state != "cancel")

    def allow(self):
        self.channel.sudo().notify_buyer = True

    def invoice(self):
        self.sold.action_confirm()
        invoice = self.sold._create_invoices()
        invoice.action_post()
        invoice.message_subscribe(self.buyer.ids)
        return invoice

    def post(self, document):
        return document.message_post(
            body="hello",
            partner_ids=(self.buyer + self.clerk.partner_id).ids,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
