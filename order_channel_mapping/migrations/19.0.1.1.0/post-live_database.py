from odoo import SUPERUSER_ID, api

#: until now the live database was known by this alone, which a plain copy keeps
LIVE_UUID = "order_channel_mapping.live_database_uuid"


def migrate(cr, version):
    """The live database adopts its name and cluster. Nothing tells a plain copy that was made before from the live one: where
    such a copy is upgraded, too, it goes on as it did, until somebody neutralises it. Other copies stay copies."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    parameters = env["ir.config_parameter"]
    known = parameters.search([("key", "=", LIVE_UUID)])
    if not known:
        return
    if known.value == parameters.get_param("database.uuid"):
        env["order.channel"]._claim_database(unless_claimed=True)
    else:
        parameters.set_param("order_channel_mapping.live_database", known.value)
    known.unlink()
