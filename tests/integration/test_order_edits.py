"""What a person changes on a marketplace's order is on record."""

from tests.fakes import line
from tests.integration.orders_common import OrderCase


class TestOrderEdits(OrderCase):
    def test_what_a_person_edits_is_on_record(self):
        self.take(self.order("1", [line("a", sku="MUG-1")]))
        self.sale("1").order_line.price_unit = 8.0
        event = self.channel_order("1").event_ids.sorted("id")[-1]
        self.assertEqual((event.code, event.params["changes"]), ("edited", {"price_unit": [10.0, 8.0]}))
