from odoo import models

from ..tools.variants import common_name


class OrderChannelListing(models.Model):
    """Groups of a list that people can read: a channel's id of a parent item says nothing to them."""

    _inherit = "order.channel.listing"

    def _web_read_group_groupby_formatter(self, groupby_spec, values):
        """A parent is called by what the names of its items begin with."""
        formatter = super()._web_read_group_groupby_formatter(groupby_spec, values)
        if groupby_spec != "parent_ref":
            return formatter
        labels = self._parent_labels([value for value in values if value])

        def formatter_parent(value):
            __, domain = formatter(value)
            return labels.get(value, value), domain

        return formatter_parent

    def _parent_labels(self, refs):
        """
        :param list[str] refs: ids of parents at their channels
        :return: ``{ref: label}``, no label twice
        """
        # what the first and the last name in alphabetical order begin with, all between them begin with
        groups = self._read_group([("parent_ref", "in", refs)], ["parent_ref"], ["name:min", "name:max"])
        return {ref: f"{common_name(names, [{}, {}])} ({ref})" for ref, *names in groups}
