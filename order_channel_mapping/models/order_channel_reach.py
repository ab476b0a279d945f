from collections import defaultdict

from odoo import api, models
from odoo.fields import Command

OURS = "order.channel"


class Base(models.AbstractModel):
    """No form that is being filled in, of whatever model, points to a channel's record that its user may not see (rule 14).

    Its records are in no table that a rule could look at, and their display names, and what is related or worked out from
    there, are read in sudo.
    """

    _inherit = "base"

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        check_reach(self, [values], lines=True)
        return values

    def onchange(self, values, field_names, fields_spec):
        check_reach(self, [values], lines=True)
        return super().onchange(values, field_names, fields_spec)


class OrderChannelReach(models.AbstractModel):
    """What people save points to nothing that they may not see: every wizard, and every model of the addon that they write.

    Odoo checks that a user may write a record, not that the user may see what its fields are pointed to.
    """

    _name = "order.channel.reach"
    _description = "Points to What One May See"

    @api.model_create_multi
    def create(self, vals_list):
        check_reach(self, vals_list)
        return super().create(vals_list)

    def write(self, vals):
        check_reach(self, [vals])
        return super().write(vals)


def check_reach(model, vals_list, lines=False):
    """Of the addon's own models all relations are looked at; of other ones those that lead to a model of the addon.

    :param list vals_list: dicts of values as ``create``, ``write`` and ``onchange`` take them
    :param bool lines: whether to look into lines that are to be created or changed as well; where they are saved, their own
        model does
    :raise odoo.exceptions.AccessError: they point to a record that the user may not read
    """
    if model.env.su:
        return
    found = defaultdict(set)
    for vals in vals_list:
        _collect(model, vals, lines, found)
    for name, ids in found.items():
        model.env[name].browse(sorted(ids)).exists().check_access("read")


def _collect(model, vals, lines, found):
    """Add to ``found``, ``{name of a model: ids}``, the records that values of ``model`` point to."""
    ours = model._name.startswith(OURS)
    for name, value in vals.items():
        field = model._fields.get(name)
        if not value or field is None or not field.relational:
            continue
        comodel = model.env[field.comodel_name]
        ids, inner = _targets(field, value)
        if ours or field.comodel_name.startswith(OURS):
            found[field.comodel_name].update(ids)
        if lines:
            for line in inner:
                _collect(comodel, line, lines, found)


def _targets(field, value):
    """What one value of a relational field points to, in each form that Odoo takes one in.

    :return: ids, and values of records that are made or changed by it
    """
    if isinstance(value, models.BaseModel):
        return value.ids, []
    if field.type == "many2one":
        if isinstance(value, dict):  # a record as a form has it
            return _real(value.get("id")), [value]
        return _real(value[0] if isinstance(value, (list, tuple)) and value else value), []
    ids, inner = [], []
    for command in value:
        if isinstance(command, dict):
            inner.append(command)
        elif not isinstance(command, (list, tuple)):
            ids += _real(command)
        elif command[0] == Command.SET:
            ids += [number for target in command[2] for number in _real(target)]
        elif command[0] != Command.CLEAR:
            ids += _real(command[1])
            if command[0] in (Command.CREATE, Command.UPDATE):
                inner.append(command[2])
    return ids, inner


def _real(value):
    """``[id]``, or nothing for what is no id: lines that are not saved yet have names instead."""
    return [value] if type(value) is int and value else []
