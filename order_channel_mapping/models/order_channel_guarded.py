from odoo import api, models
from odoo.exceptions import AccessError

AUTOMATIC = frozenset(models.MAGIC_COLUMNS)


class OrderChannelGuarded(models.AbstractModel):
    """What a form shows as read-only can't be written or imported by hand either: only this addon's methods do, as sudo,
    after their own checks."""

    _name = "order.channel.guarded"
    _inherit = ["order.channel.reach"]
    _description = "Guarded Fields"

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_guarded(vals)
        if not self.env.su:  # said outright, so that no default of the context or of the user can say otherwise
            defaults = self._guarded_defaults()
            vals_list = [{**vals, **defaults} for vals in vals_list]
            records = super(OrderChannelGuarded, self._without_guarded_context()).create(vals_list)
            return records.with_env(self.env)
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
    def _guarded_defaults(self):
        """``{name: value}``: what the guarded fields of a new record start with."""
        fields = {name: self._fields[name] for name in self._guarded_fields()}
        return {
            name: field.default(self) if field.default else False
            for name, field in fields.items()
            if self._has_field_access(field, "write")  # others can't even be said
        }

    def _without_guarded_context(self):
        """These records, their context without defaults of guarded fields."""
        names = {f"default_{name}" for name in self._guarded_fields()}
        context = {key: value for key, value in self.env.context.items() if key not in names}
        return self.with_context(context)  # pylint: disable=context-overridden  # keys are taken away

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
