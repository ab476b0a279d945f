"""What waits for its payment names the payment methods now: with them it is the same question, and stays overruled where a
person overruled it."""

from odoo.addons.order_channel_mapping.tools.payments import NO_METHOD


def migrate(cr, version):
    cr.execute(
        """
        UPDATE order_channel_blocker blocker
           SET params = blocker.params || JSONB_BUILD_OBJECT('methods', CASE
                   WHEN JSONB_TYPEOF(ordered.data->'payment_methods') = 'array' AND ordered.data->'payment_methods' <> '[]'
                   THEN ordered.data->'payment_methods' ELSE JSONB_BUILD_ARRAY(%s::text) END)
          FROM order_channel_order ordered
         WHERE ordered.id = blocker.order_id AND blocker.code = 'payment'
           AND JSONB_TYPEOF(blocker.params) = 'object' AND NOT JSONB_EXISTS(blocker.params, 'methods')
        """,
        [NO_METHOD],
    )
