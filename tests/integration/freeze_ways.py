"""Every public method of a sales order and of its lines, as an attack on a frozen order or with the reason why it is none.

Whatever a client may call is here, see ``test_freeze_ways``. A method that is new in Odoo, or in an app, fails that test
until somebody looked at what it does to an order that must not move:

- ``CALLED``: it needs no argument, and is called as it is;
- ``WITH_ARGUMENTS``: how it is called;
- ``LIFTS``: it takes the freeze away in the right way, by mapping the items;
- ``HARMLESS``: why it can't move an order.

A method of invoices, deliveries and wizards that needs no argument is called without being named.
"""

from odoo import Command

#: of any record
_RECORD = """
action_archive action_unarchive copy copy_data fields_get get_base_url get_external_id get_formview_action get_formview_id
get_import_templates get_metadata get_view is_transient mail_allowed_qweb_expressions mail_get_partner_fields name_search read
search_read toggle_active unlink
"""
_ORDER = """
action_add_from_catalog action_cancel action_channel_add_unlisted action_channel_cancel action_channel_cure
action_channel_link_items action_channel_process action_channel_resolve action_channel_undo_overrule action_confirm
action_draft action_lock action_open_business_doc action_open_delivery_wizard
action_open_discount_wizard action_preview_sale_order action_quotation_send action_quotation_sent
action_reschedule_my_next_nextweek action_reschedule_my_next_today action_reschedule_my_next_tomorrow action_share
action_unlock action_update_prices action_update_taxes action_view_channel_order action_view_delivery action_view_invoice
activity_schedule activity_search get_portal_last_transaction get_portal_url get_update_included_pdf_params
message_get_followers message_notify message_post message_subscribe message_unsubscribe onchange_order_line
payment_action_capture payment_action_void tracking_fields
"""
_LINE = "action_add_from_catalog get_parent_section_line has_valued_move_ids"

CALLED = {
    "sale.order": frozenset((_RECORD + _ORDER).split()),
    "sale.order.line": frozenset((_RECORD + _LINE).split()),
}

LIFTS = {
    "sale.order": {"action_channel_confirm_items": "makes products of the items, and maps them"},
    "sale.order.line": {},
}

#: of any record: {why: names}
_READS = {
    "asks for a right": "check_access_rights check_access_rule check_field_access_rights has_access",
    "reads": """
        default_get export_data formatted_read_group formatted_read_grouping_sets get_empty_list_help get_field_translations
        get_property_definition get_views read_group read_progress_bar search search_count search_panel_select_multi_range
        search_panel_select_range view_header_get web_name_search web_read web_read_group web_search_read""",
    "works on a record that is not saved": "onchange",
    "translates texts": "copy_translations update_field_translations web_override_translations",
}
_MESSAGES = {
    "changes activities": "activity_feedback activity_reschedule activity_unlink",
    "sends or receives mail, see the tests of silence": """
        activity_send_mail message_mail_with_source message_parse message_post_with_source message_process message_route
        notify_cancel_by_type""",
    "reads, or makes a tag of a campaign": "find_or_create_record",
}


def _by_name(*groups):
    return {name: why for group in groups for why, names in group.items() for name in names.split()}


HARMLESS = {"sale.order": _by_name(_READS, _MESSAGES), "sale.order.line": _by_name(_READS)}


# === WITH ARGUMENTS: function of (test case, record), called as a client would === #


def _values(case):
    return {"partner_id": case.partner.id, "state": "sale", "channel_frozen": False}


def _create(case, record):
    if record._name == "sale.order":
        return record.create(_values(case))
    return record.create({"order_id": record.order_id.id, "product_id": case.tea.id, "qty_delivered": 1.0})


def _load(case, record):
    field, value = ("state", "Sales Order") if record._name == "sale.order" else ("qty_delivered", "1")
    result = record.load([".id", field], [[str(record.id), value]])
    if not result["ids"]:
        raise ValueError(result["messages"])  # refused


def _save(case, record):
    return {"state": "sale"} if record._name == "sale.order" else {"qty_delivered": 1.0, "product_id": case.tea.id}


_WRITES = {
    "create": _create,
    "load": _load,
    "name_create": lambda case, record: record.name_create("New"),
    "web_resequence": lambda case, record: record.web_resequence({}, field_name="id"),
    "web_save": lambda case, record: record.web_save(_save(case, record), {}),
    "web_save_multi": lambda case, record: record.web_save_multi([_save(case, record)], {}),
    "write": lambda case, record: record.write(_save(case, record)),
}

WITH_ARGUMENTS = {
    "sale.order": {
        **_WRITES,
        "create_document_from_attachment": lambda case, order: order.create_document_from_attachment(
            case.attachment.ids
        ),
        "message_change_thread": lambda case, order: order.message_change_thread(case.other),
        "message_new": lambda case, order: order.message_new({"from": "a@example.com"}, _values(case)),
        "message_update": lambda case, order: order.message_update({"from": "a@example.com"}, {"state": "sale"}),
        "set_delivery_line": lambda case, order: order.set_delivery_line(case.carrier, 1.0),
    },
    "sale.order.line": {
        **_WRITES,
        "compute_uom_qty": lambda case, line: line.compute_uom_qty(1.0, case.env["stock.move"]),
    },
}

#: of invoices and deliveries: needs an argument, and is harmless for this reason, see also ``_READS``
NEEDS_ARGUMENTS = {
    "account.move": _by_name(
        _READS,
        _MESSAGES,
        {
            "reads": "get_currency_rate get_invoice_localisation_fields_required_to_invoice",
            "pairs what is posted": "js_assign_outstanding_line js_remove_outstanding_partial",
            "as of the order": "message_change_thread message_new message_update",
            "fields are written one by one": " ".join(_WRITES),
        },
    ),
    "stock.picking": _by_name(
        _READS,
        _MESSAGES,
        {
            "reads": "calculate_date_category date_category_to_domain",
            "adds goods to what is not done": "action_add_entire_packs",
            "as of the order": "message_change_thread message_new message_update",
            "fields are written one by one": " ".join(_WRITES),
        },
    ),
}

# === FIELDS: plausible values of each type, as a client sends them === #


def field_values(field, records):
    """Values to try, in the form that ``write`` takes.

    :param records: existing records of the field's comodel, at most one
    :raise KeyError: a type of field that nobody thought of yet
    """
    if field.type == "selection":
        return [*field.get_values(records.env), False]
    if field.type in ("many2one", "many2one_reference"):
        return [*records.ids[:1], False]
    if field.type in ("one2many", "many2many"):
        return [[Command.clear()], *([[Command.link(records.id)]] if records else [])]
    return {
        "boolean": [True, False],
        "char": ["x", False],
        "text": ["x", False],
        "html": ["<p>x</p>", False],
        "integer": [1, 0],
        "float": [1.0, 0.0],
        "monetary": [1.0, 0.0],
        "date": ["2026-11-01", False],
        "datetime": ["2026-11-01 00:00:00", False],
        "binary": ["eA==", False],
        "json": [{"x": 1}, False],
        "reference": [False],
        "properties": [{}],
    }[field.type]
