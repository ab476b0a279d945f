"""Before, a line without an amount had no tax of 0 %: all answers at that rate are for taxes whose rate was not known."""


def migrate(cr, version):
    cr.execute("UPDATE order_channel_tax_map SET rate_unknown = TRUE WHERE rate = 0 AND rate_unknown IS NOT TRUE")
