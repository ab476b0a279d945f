from tests.common import ChannelCase


class TestSelection(ChannelCase):
    """All that a list shows can be changed at once, also what is more than the web client sends the ids of."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel = cls.make_channel(state="live")
        cls.listings = cls.env["order.channel.listing"].create(
            [
                {
                    "channel_id": cls.channel.id,
                    "company_id": cls.channel.company_id.id,
                    "external_id": str(number),
                    "name": f"Item {number}",
                }
                for number in range(4)
            ]
        )
        cls.env["ir.config_parameter"].set_param("web.active_ids_limit", 2)

    def ignored(self, listings, domain, model="order.channel.listing"):
        """Which are ignored after these ids were sent with this domain; None: with none."""
        context = {"active_model": model, **({} if domain is None else {"active_domain": domain})}
        batch = listings.env["order.channel.batch"]._make("ignore", listings.with_context(**context))
        self.assertEqual(batch.state, "done")
        return sorted(self.listings.filtered(lambda listing: listing.state == "ignored").mapped("name"))

    def test_more_than_the_limit_is_found_by_the_domain(self):
        domain = [("channel_id", "=", self.channel.id), ("name", "!=", "Item 3")]
        self.assertEqual(self.ignored(self.listings[:2], domain), ["Item 0", "Item 1", "Item 2"])

    def test_fewer_are_just_these(self):
        self.assertEqual(self.ignored(self.listings[1], [("channel_id", "=", self.channel.id)]), ["Item 1"])

    def test_what_was_sent_is_among_them_though_the_list_has_changed(self):
        self.assertEqual(self.ignored(self.listings[:2], [("name", "=", "Item 2")]), ["Item 0", "Item 1", "Item 2"])

    def test_without_a_domain_it_is_what_was_sent(self):
        self.assertEqual(self.ignored(self.listings[:3], None), ["Item 0", "Item 1", "Item 2"])

    def test_only_what_the_user_may_see(self):
        company = self.new_company("Elsewhere")
        other = self.make_channel(company=company)
        theirs = self.listings[0].copy({"channel_id": other.id, "company_id": company.id, "external_id": "theirs"})
        clerk = self.new_user("selection_clerk", "order_channel_mapping.group_channel_user")
        self.assertEqual(len(self.ignored(self.listings[:2].with_user(clerk), [("name", "like", "Item")])), 4)
        self.assertEqual(theirs.state, "unconfirmed")

    def test_the_domain_of_another_list_says_nothing(self):
        self.assertEqual(self.ignored(self.listings[:2], [], model="product.product"), ["Item 0", "Item 1"])
