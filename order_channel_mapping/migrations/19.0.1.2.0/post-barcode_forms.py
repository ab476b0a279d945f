"""Before, UPC and EAN of one article were two barcodes: keys of what is compared now in one length are written anew."""

from odoo.addons.order_channel_mapping.tools.normalize import barcode_key

#: table -> column of the key
KEYS = {
    "product_product": "order_channel_barcode_key",
    "product_uom": "order_channel_barcode_key",
    "order_channel_listing": "barcode_key",
}


def migrate(cr, version):
    for table, column in KEYS.items():
        cr.execute(rf"SELECT DISTINCT {column} FROM {table} WHERE {column} ~ '^(\d{{8}}|\d{{12}}|\d{{14}})$'")
        forms = [(key, barcode_key(key)) for (key,) in cr.fetchall()]
        forms = [(old, new) for old, new in forms if old != new]
        if forms:
            cr.execute_values(
                f"UPDATE {table} SET {column} = form.new FROM (VALUES %s) AS form (old, new) WHERE {column} = form.old",
                forms,
            )
