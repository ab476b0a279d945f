"""What RPC reaches of the addon, for ``test_company_walk.py``."""

#: every method of the addon that RPC reaches, overrides of Odoo's own left out. All are called, without arguments, or with
#: those of ``ARGUMENTS``. Before a new one is entered: it checks that the user may see its records, it does what only
#: channel users may in sudo only after ``permitted``, and whatever it need not offer to RPC begins with an underscore.
METHODS = {
    "mail.compose.message": "action_send_mail",
    "order.channel": """
        action_add_products action_authorize action_auto_link action_claim_live_database action_close
        action_connect action_create_products action_go_live action_new_order action_pause action_preflight
        action_reopen action_resume action_sync_now
    """,
    "order.channel.account": "action_reseal",
    "order.channel.add.products": "action_add",
    "order.channel.batch": """
        action_apply action_cancel action_choose_stock action_open action_prepare action_undo
        action_view_lines
    """,
    "order.channel.batch.line": "action_apply_batch action_choose action_return action_unchoose",
    "order.channel.blocker": """
        action_choose_tax action_confirm_item action_keep_change action_link_item action_overrule
        action_take_as_service action_take_up_item action_undo_overrule
    """,
    "order.channel.command": "action_drop action_retry",
    "order.channel.confirm": "action_confirm",
    "order.channel.confirm.line": "action_confirm",
    "order.channel.failure": "action_dismiss action_retry",
    "order.channel.freeze": "action_confirm action_open_link action_open_listing action_view_orders get_summary",
    "order.channel.go.live": """
        action_confirm action_preflight action_view_links action_view_orders action_view_quantities
        action_view_unsure
    """,
    "order.channel.ignore": "action_ignore_listings",
    "order.channel.link": "action_link action_link_next",
    "order.channel.listing": """
        action_accept_suggestion action_accept_suggestions action_auto_link action_confirm
        action_correct_orders action_ignore action_looks_right action_map_in_sheet action_open_confirm
        action_open_ignore action_open_link action_open_service action_open_unlink action_push_stock
        action_suggest action_take_off action_unignore action_unlink_product
    """,
    "order.channel.order": "action_cure action_view_sale_order",
    "order.channel.overrule": "action_overrule",
    "order.channel.preflight": "action_check action_download",
    "order.channel.preflight.finding": "action_view_rows",
    "order.channel.preflight.row": "action_open_link action_open_listing",
    "order.channel.service": "action_take",
    "order.channel.sheet": "action_download action_upload",
    "order.channel.suggestion": "action_accept action_refuse action_reopen",
    "order.channel.sync.now": "action_overrule",
    "order.channel.tax.map": "get_open_questions",
    "order.channel.unlink": "action_unlink_listings",
    "order.channel.webhook": "action_done",
    "portal.share": "action_send_mail",
    "product.product": "action_push_channel_stock action_unlink_from_channels action_view_channel_listings",
    "product.template": "action_push_channel_stock action_unlink_from_channels action_view_channel_listings",
    "sale.mass.cancel.orders": "action_mass_cancel",
    "sale.order": """
        action_channel_add_unlisted action_channel_cancel action_channel_confirm_items action_channel_cure
        action_channel_link_items action_channel_process action_channel_resolve action_channel_undo_overrule
        action_open_delivery_wizard
        action_quotation_send action_view_channel_order set_delivery_line
    """,
}
ARGUMENTS = {
    ("order.channel.freeze", "get_summary"): ([],),
    ("sale.order", "set_delivery_line"): (1, 5.0),  # a carrier, what it costs
}
