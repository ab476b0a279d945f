import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

registry.category("web_tour.tours").add("order_channel_auto_link", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        { trigger: ".o_app[data-menu-xmlid='order_channel_mapping.menu_root']", run: "click" },
        { trigger: ".o_menu_sections button[data-menu-xmlid='order_channel_mapping.menu_listings']", run: "click" },
        { trigger: ".o-dropdown--menu a[data-menu-xmlid='order_channel_mapping.menu_auto_link']", run: "click" },
        { trigger: ".o_field_widget[name=channel_ids] input", run: "edit Auction" },
        { trigger: ".o-autocomplete--dropdown-item:contains('Auction Site')", run: "click" },
        { trigger: ".o_field_widget[name=channel_ids] .o_tag:contains('Auction Site')" },
        { trigger: "button[name=action_prepare]", run: "click" },
        { trigger: ".alert:contains('Nothing is changed yet'):contains('3')" },
        { trigger: "h1 .o_field_widget[name=name] :value(Auto-link: Auction Site)" },
        {
            content: "One of those that are certain is not meant",
            trigger: "tr[name=change] button[name=action_view_lines]",
            run: "click",
        },
        { trigger: ".o_data_row:contains('STRAINER') .o_field_widget[name=chosen] input:checked", run: "click" },
        { trigger: ".o_data_row:contains('STRAINER') .o_field_widget[name=chosen] input:not(:checked)" },
        { trigger: ".o_breadcrumb .o_back_button, .breadcrumb-item.o_back_button", run: "click" },
        { trigger: ".alert:contains('Nothing is changed yet'):contains('2')" },
        {
            content: "Of an ambiguous one the clerk knows which product it is",
            trigger: "tr[name=ambiguous] button[name=action_view_lines]",
            run: "click",
        },
        { trigger: ".o_field_channel_candidates button:contains('(tin)')", run: "click" },
        { trigger: ".o_field_channel_candidates button.btn-primary:contains('(tin)')" },
        { trigger: ".o_data_row .o_field_widget[name=chosen] input:checked" },
        { trigger: ".o_control_panel button[name=action_apply_batch]", run: "click" },
        { trigger: ".modal footer button:contains('Apply')", run: "click" },
        { trigger: ".o_arrow_button_current:contains('Done')" },
        { trigger: "div[name=results] tr:contains('Changed') .o_field_widget[name=done_count]:contains('3')" },
        { trigger: "button[name=action_undo]", run: "click" },
        { trigger: ".modal footer button:contains('Undo')", run: "click" },
        { trigger: ".o_arrow_button_current:contains('Undone')" },
        { trigger: "div[name=results] tr:contains('Undone') .o_field_widget[name=undone_count]:contains('3')" },
    ],
});
