from werkzeug.exceptions import LengthRequired

from odoo import models
from odoo.http import request


class IrHttp(models.AbstractModel):
    """Routes that need the body byte for byte, as its signature was made over it."""

    _inherit = "ir.http"

    @classmethod
    def _pre_dispatch(cls, rule, args):
        """Read the body of a route that says ``order_channel_raw_body``, unless it is too long, before Odoo reads it as a
        form. What it is sent to makes no difference."""
        result = super()._pre_dispatch(rule, args)
        if rule.endpoint.routing.get("order_channel_raw_body"):
            if request.httprequest.content_length is None:
                raise LengthRequired()
            # kept by werkzeug, so that whoever reads it later gets the same; longer than the route allows it is refused
            request.httprequest.get_data()
        return result
