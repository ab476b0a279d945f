"""Odoo logs every model call with its arguments at debug level. Those of a model that takes secrets are left out."""

import logging

CALLS = "odoo.service.model"  # logs: records, name of the method, arguments


class _LeaveOut(logging.Filter):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def filter(self, record):
        if isinstance(record.args, tuple) and any(getattr(arg, "_name", None) == self.model for arg in record.args):
            record.args = (*record.args[:2], *("(left out)" for __ in record.args[2:]))
        return True


def leave_out_arguments(model):
    """Have calls of this model logged without their arguments, in this process."""
    logging.getLogger(CALLS).addFilter(_LeaveOut(model))
