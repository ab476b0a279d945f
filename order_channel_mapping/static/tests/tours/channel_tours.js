import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const tours = registry.category("web_tour.tours");

/** From the home page to an entry of the Channels app. */
function openMenu(menu, entry) {
    const steps = [
        stepUtils.showAppsMenuItem(),
        { trigger: ".o_app[data-menu-xmlid='order_channel_mapping.menu_root']", run: "click" },
        { trigger: ".o_kanban_view.o_order_channel_kanban" },
    ];
    if (menu) {
        steps.push(
            { trigger: `.o_menu_sections button[data-menu-xmlid='order_channel_mapping.${menu}']`, run: "click" },
            { trigger: `.o-dropdown--menu a[data-menu-xmlid='order_channel_mapping.${entry}']`, run: "click" }
        );
    }
    return steps;
}

tours.add("order_channel_connect", {
    url: "/odoo",
    steps: () => [
        ...openMenu(),
        { trigger: ".o-kanban-button-new", run: "click" },
        { trigger: ".alert:contains('Choose where you sell')" },
        { trigger: ".o_field_widget[name=name] input", run: "edit Hat Shop" },
        { trigger: ".o_field_radio[name=provider] .o_radio_item:contains('Shopify') input", run: "click" },
        { trigger: ".alert:contains('Enter the credentials below')" },
        { trigger: ".o_channel_credentials:not(:has(#credential_access_token))" },
        { trigger: "#auth_method_token", run: "click" },
        { trigger: "#credential_shop_domain", run: "edit hats.myshopify.com" },
        { trigger: "#credential_access_token", run: "edit shpat_0123456789abcdef && click .o_form_sheet" },
        { trigger: "[data-credential=access_token]:contains('Set'):not(:contains('Not'))" },
        { trigger: ".alert:contains('The credentials are there')" },
        { trigger: "button[name=action_connect]", run: "click" },
        { trigger: ".o_arrow_button_current:contains('Connected')" },
        { trigger: ".alert:contains('Items and orders are being fetched')" },
        { trigger: "button[name=action_go_live]" },
    ],
});

tours.add("order_channel_authorize", {
    url: "/odoo",
    steps: () => [
        ...openMenu(),
        { trigger: ".o-kanban-button-new", run: "click" },
        { trigger: ".o_field_widget[name=name] input", run: "edit Hat Shop" },
        { trigger: ".o_field_radio[name=provider] .o_radio_input[data-value=shopify]", run: "click" },
        { trigger: "#auth_method_token", run: "click" },
        { trigger: ".alert:contains('press Connect')" },
        { trigger: "#auth_method_oauth", run: "click" },
        { trigger: ".alert:contains('then press Authorise at Market')" },
        { trigger: "[data-copy=return_url] code:contains('/order_channel_mapping/oauth/return/shopify')" },
        { trigger: "#credential_shop_domain", run: "edit hats.example.com" },
        { trigger: "#credential_client_secret", run: "edit app-secret && click .o_form_sheet" },
        { trigger: "[data-credential=client_secret]:contains('Set'):not(:contains('Not'))" },
        { trigger: ".alert:contains('Press Authorise at Market: you agree on its page')" },
        {
            content: "There is one button only, and it leads to the marketplace's page and back",
            trigger: ".o_form_statusbar:not(:has([name=action_connect])) button:contains('Authorise at Market')",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: ".o_arrow_button_current:contains('Connected')" },
        { trigger: ".alert:contains('Items and orders are being fetched')" },
    ],
});

tours.add("order_channel_link_item", {
    url: "/odoo",
    steps: () => [
        ...openMenu("menu_listings", "menu_listings_unconfirmed"),
        { trigger: ".o_data_row:contains('Pack of 6') .o_data_cell[name=name]", run: "click" },
        { trigger: ".alert:contains('Orders that wait for it')" },
        { trigger: ".alert button[name=action_open_link]", run: "click" },
        { trigger: ".modal .o_field_widget[name=product_id] input", run: "edit TEA-GREEN-100" },
        { trigger: ".o-autocomplete--dropdown-item:contains('TEA-GREEN-100')", run: "click" },
        { trigger: ".modal .o_field_widget[name=quantity] input", run: "edit 6" },
        { trigger: ".modal button[name=action_link]", run: "click" },
        { trigger: ".o_notification:contains('Items linked: 1')" },
        { trigger: "body:not(:has(.modal)) .o_arrow_button_current:contains('Linked')" },
        { trigger: ".o_field_widget[name=product_quantity]:contains('6')" },
    ],
});

tours.add("order_channel_unfreeze_and_process", {
    url: "/odoo",
    steps: () => [
        ...openMenu("menu_orders", "menu_orders_resolve"),
        { trigger: ".o_data_row:contains('#1004') .o_data_cell[name=client_order_ref]", run: "click" },
        { trigger: ".ribbon:contains('Frozen')" },
        { trigger: ".o_form_statusbar:not(:has(button[name=action_confirm], button[name=action_quotation_send]))" },
        {
            content: "One item is a pack of a product that is there already",
            trigger: ".o_channel_banner .o_data_row:contains('Pack of 6') button[name=action_link_item]",
            run: "click",
        },
        { trigger: ".modal .o_field_widget[name=product_id] input", run: "edit TEA-GREEN-100" },
        { trigger: ".o-autocomplete--dropdown-item:contains('TEA-GREEN-100')", run: "click" },
        { trigger: ".modal .o_field_widget[name=quantity] input", run: "edit 6" },
        { trigger: ".modal button[name=action_link]", run: "click" },
        {
            content: "The other one is new",
            trigger: "body:not(:has(.modal)) .o_channel_banner:not(:contains('Pack of 6')) button[name=action_channel_confirm_items]",
            run: "click",
        },
        { trigger: ".modal button:contains('Create products')", run: "click" },
        { trigger: ".o_form_view:not(:has(.ribbon, .o_channel_banner)) button[name=action_channel_process]", run: "click" },
        { trigger: ".o_arrow_button_current:contains('Sales Order')" },
        { trigger: ".nav-link:contains('Audit Trail')", run: "click" },
        { trigger: ".o_field_widget[name=channel_event_ids] .o_data_row:contains('Processed')" },
    ],
});

tours.add("order_channel_choose_tax", {
    url: "/odoo",
    steps: () => [
        ...openMenu("menu_orders", "menu_orders_resolve"),
        { trigger: ".o_data_row:contains('#1007') .o_data_cell[name=client_order_ref]", run: "click" },
        { trigger: "button[name=action_channel_resolve]", run: "click" },
        { trigger: ".modal button[name=action_choose_tax]", run: "click" },
        { trigger: ".modal .o_field_widget[name=rate]:has(input)" },
        { trigger: ".modal .o_field_widget[name=tax_id] input", run: "edit 20" },
        { trigger: ".o-autocomplete--dropdown-item:contains('20%')", run: "click" },
        { trigger: ".modal-footer button:contains('Save')", run: "click" },
        { trigger: ".o_form_view:not(:has(.ribbon)) button[name=action_channel_process]" },
    ],
});

tours.add("order_channel_offline_order", {
    url: "/odoo",
    steps: () => [
        ...openMenu(),
        { trigger: ".o_kanban_record:contains('Market Stall') button[name=action_new_order]", run: "click" },
        { trigger: ".o_field_widget[name=order_channel_id]:contains('Market Stall'), .o_field_widget[name=order_channel_id] input" },
        { trigger: ".o_field_widget[name=partner_id] input", run: "edit Walk-in" },
        { trigger: ".o-autocomplete--dropdown-item:contains('Walk-in Customer')", run: "click" },
        { trigger: ".o_field_widget[name=order_line] a:contains('Add a product')", run: "click" },
        { trigger: ".o_selected_row .o_field_widget[name^=product] input", run: "edit MUG-BLUE" },
        { trigger: ".o-autocomplete--dropdown-item:contains('Stoneware Mug, Blue')", run: "click" },
        { trigger: ".o_selected_row .o_field_widget[name=price_unit] input:value('15.50')" },
        { trigger: ".o_form_button_save", run: "click" },
        { trigger: ".o_form_saved" },
        { trigger: "button[name=action_channel_process]", run: "click" },
        { trigger: ".o_arrow_button_current:contains('Sales Order')" },
    ],
});

tours.add("order_channel_empty_search", {
    url: "/odoo",
    steps: () => [
        ...openMenu("menu_listings", "menu_listings_unconfirmed"),
        { trigger: ".o_data_row" },
        { trigger: ".o_searchview_input", run: "edit no such thing" },
        { trigger: ".o_searchview_autocomplete .o-dropdown-item:first", run: "click" },
        { trigger: ".o_view_nocontent:contains('Nothing matches your search'):not(:contains('Nothing to confirm'))" },
        {
            content: "Without the search the items are there again",
            trigger: ".o_searchview_facet:contains('no such thing') .o_facet_remove",
            run: "click",
        },
        { trigger: ".o_data_row" },
    ],
});
