from odoo import models

from ..tools.silence import by_hand


class PortalShare(models.TransientModel):
    """Whoever shares a channel's order types in with whom: that is on purpose (rule 8)."""

    _inherit = "portal.share"

    def action_send_mail(self):
        sharing = by_hand(self, self.partner_ids.ids)
        return super(PortalShare, sharing).action_send_mail()
