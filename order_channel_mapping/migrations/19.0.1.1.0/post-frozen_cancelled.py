"""Before, cancelling an order lifted its freeze: those that have the placeholder in them still are frozen again."""


def migrate(cr, version):
    cr.execute(
        """
        UPDATE sale_order SET channel_frozen = TRUE, channel_to_resolve = TRUE
         WHERE state = 'cancel' AND channel_order_id IS NOT NULL AND channel_frozen IS NOT TRUE
           AND EXISTS (
               SELECT 1 FROM sale_order_line line
                 JOIN ir_model_data data ON data.model = 'product.product' AND data.res_id = line.product_id
                WHERE line.order_id = sale_order.id
                  AND data.module = 'order_channel_mapping' AND data.name = 'product_placeholder')
        """
    )
