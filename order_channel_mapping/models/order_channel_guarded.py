from odoo import api, models
from odoo.exceptions import AccessError

AUTOMATIC = frozenset(models.MAGIC_COLUMNS)


class OrderChannelGuarded(models.AbstractModel):
    """What a form shows as read-only can't be written or imported by hand either: only this addon's methods do, as sudo,
    after their own checks."""

    _name = "order.channel.guarded"
    _description = "Guarded Fields"

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_guarded(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_guarded(vals)
        return super().write(vals)

    @api.model
    def _guarded_fields(self):
        """Names of the stored fields that are read-only and not computed."""
        return {
            name
            for name, field in self._fields.items()
            if field.readonly and field.store and not field.compute and not field.related and name not in AUTOMATIC
        }

    @api.model
    def _check_guarded(self, vals):
        if self.env.su:
            return
        names = self._guarded_fields() & vals.keys()
        if names:
            raise AccessError(
                self.env._(
                    "These fields change through the buttons of the form only: %(names)s.",
                    names=", ".join(sorted(self._fields[name]._description_string(self.env) or name for name in names)),
                )
            )
