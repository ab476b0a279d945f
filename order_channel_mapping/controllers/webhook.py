from odoo import SUPERUSER_ID
from odoo.http import Controller, request, route

from ..models.order_channel_webhook import MAX_LENGTH, PATH


class Webhook(Controller):
    """Where marketplaces send their notifications."""

    @route(
        f"{PATH}/<string:provider>/<string:token>",
        type="http",
        auth="none",
        methods=["POST"],
        csrf=False,
        save_session=False,
        readonly=False,
        max_content_length=MAX_LENGTH,
        order_channel_raw_body=True,
    )
    def receive(self, provider, token, **_form):
        """Take in a notification. Whatever is wrong with one, the answer is the same: a stranger learns nothing from it."""
        taken = (
            request.env["order.channel.webhook"]
            .with_user(SUPERUSER_ID)
            ._receive(provider, token, request.httprequest.headers, request.httprequest.get_data())
        )
        return request.make_response("", status=200 if taken else 401)
