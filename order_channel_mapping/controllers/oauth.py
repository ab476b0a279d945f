from odoo import SUPERUSER_ID
from odoo.http import Controller, Response, request, route

from ..models.order_channel_account_auth import CALLBACK_PATH, RETURN_PATH

#: the form of one channel
FORM = "/odoo/action-order_channel_mapping.order_channel_action/{}"
UNKNOWN_PATH = "/order_channel_mapping/oauth/unknown"
MAX_BODY = 16 * 1024


class Authorization(Controller):
    """Where sellers come back from a marketplace's page, and where its server delivers keys: one flow for all of them."""

    @route(f"{RETURN_PATH}/<string:provider>", type="http", auth="user", methods=["GET"])
    def come_back(self, provider, **_query):
        """Make the connection and show the channel's form, which says what went wrong if something did.

        The user's session comes along, for it is the browser that moves here. Whoever was logged out meanwhile logs in
        and arrives here after that. What is in the address is spent and does not show up in the next one.
        """
        channel_id = request.env["order.channel.authorization"]._come_back(provider, request.httprequest.args.to_dict())
        response = request.redirect(FORM.format(channel_id) if channel_id else UNKNOWN_PATH)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    @route(UNKNOWN_PATH, type="http", auth="user", methods=["GET"])
    def unknown(self):
        """For who comes back with a state that is not theirs: forged, of somebody else, or long over."""
        return request.render("order_channel_mapping.authorization_unknown", status=400)

    @route(
        f"{CALLBACK_PATH}/<string:provider>",
        type="http",
        auth="none",
        methods=["POST"],
        csrf=False,
        readonly=False,
        save_session=False,
        max_content_length=MAX_BODY,
        order_channel_raw_body=True,
    )
    def deliver(self, provider, **_form):
        """Take in keys for somebody who has set out and is not back yet. Whatever else comes gets the same answer, which
        lets an honest marketplace know that its keys did not arrive."""
        body = request.httprequest.get_data()
        expected = request.env["order.channel.authorization"].with_user(SUPERUSER_ID)._deliver(provider, body)
        return Response("" if expected else "Not found", status=200 if expected else 404, mimetype="text/plain")
