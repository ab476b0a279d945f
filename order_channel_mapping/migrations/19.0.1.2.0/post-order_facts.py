"""How an order is shipped and was paid has fields of its own now: those that were kept as JSON alone are filled in."""


def migrate(cr, version):
    cr.execute(
        """
        UPDATE order_channel_order
           SET shipping_method = NULLIF(data->>'shipping_method', ''),
               payment_methods = NULLIF(
                   ARRAY_TO_STRING(ARRAY(SELECT JSONB_ARRAY_ELEMENTS_TEXT(data->'payment_methods')), ', '), '')
         WHERE JSONB_TYPEOF(data->'payment_methods') = 'array'
           AND shipping_method IS NULL AND payment_methods IS NULL
        """
    )
