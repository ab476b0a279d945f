from odoo import models
from odoo.fields import Domain


class OrderChannelListing(models.Model):
    """What a person selected in a list, however much that is."""

    _inherit = "order.channel.listing"

    def _whole_selection(self):
        """These listings, or all that the list showed: of a selection of everything, the web client sends only the first ids
        (20,000, a system parameter) and the domain of the list beside them.

        :return: listings that the user may see
        """
        limit = int(self.env["ir.config_parameter"].sudo().get_param("web.active_ids_limit", 20_000))
        context = self.env.context
        if len(self) < limit or context.get("active_model") != self._name or "active_domain" not in context:
            return self
        return self | self.sudo(False).search(context["active_domain"])

    def _shown_domain(self):
        """What the list shows whose button was pressed without a selection."""
        context = self.env.context
        shown = context.get("active_domain") if context.get("active_model") == self._name else None
        return Domain([tuple(term) if isinstance(term, list) else term for term in shown or []])

    def _shown_channels(self):
        """The channels of what that list shows; none where it is not narrowed down."""
        domain = self._shown_domain()
        if not any(condition.field_expr.startswith("channel_id") for condition in domain.iter_conditions()):
            return self.env["order.channel"]
        return self._read_group(domain, [], ["channel_id:recordset"])[0][0]
