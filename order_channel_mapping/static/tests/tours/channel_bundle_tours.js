import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const LINES = ".modal .o_field_widget[name=line_ids]";

/** Choose a product for the row of the bundle that is being edited. */
function chooseProduct(reference) {
    return [
        { trigger: `${LINES} .o_selected_row .o_field_widget[name=product_id] input`, run: `edit ${reference}` },
        { trigger: `.o-autocomplete--dropdown-item:contains('${reference}')`, run: "click" },
    ];
}

registry.category("web_tour.tours").add("order_channel_bundle", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        { trigger: ".o_app[data-menu-xmlid='order_channel_mapping.menu_root']", run: "click" },
        { trigger: ".o_menu_sections button[data-menu-xmlid='order_channel_mapping.menu_listings']", run: "click" },
        { trigger: ".o-dropdown--menu a[data-menu-xmlid='order_channel_mapping.menu_listings_unconfirmed']", run: "click" },
        { trigger: ".o_data_row:contains('Tea Sampler of Six') .o_data_cell[name=name]", run: "click" },
        { trigger: ".alert button[name=action_open_link]", run: "click" },
        { trigger: ".modal .o_field_widget[name=product_id] input", run: "edit TEA-GREEN-100" },
        { trigger: ".o-autocomplete--dropdown-item:contains('TEA-GREEN-100')", run: "click" },
        { trigger: ".modal .o_field_widget[name=quantity] input", run: "edit 4" },
        {
            content: "The product that was chosen becomes the bundle's first one",
            trigger: ".modal .o_field_widget[name=bundle] input",
            run: "click",
        },
        { trigger: `${LINES} .o_data_row:contains('TEA-GREEN-100'):contains('4')` },
        { trigger: `${LINES} .o_field_x2many_list_row_add a`, run: "click" },
        ...chooseProduct("MUG-BLUE"),
        { trigger: `${LINES} .o_selected_row .o_field_widget[name=quantity] input`, run: "edit 3 && click .modal-title" },
        {
            content: "What the choice does is there at once: 41 mugs are enough for 13",
            trigger: ".modal .o_field_widget[name=stock_text]:contains('Stoneware Mug, Blue'):contains('limits it')",
        },
        { trigger: ".modal .o_field_widget[name=price_text]:contains('29.90')" },
        { trigger: ".modal button[name=action_link]", run: "click" },
        { trigger: ".o_notification:contains('Items linked: 1')" },
        { trigger: "body:not(:has(.modal)) .o_arrow_button_current:contains('Linked')" },
        { trigger: ".o_field_widget[name=mapping_id]:contains('TEA-GREEN-100'):contains('MUG-BLUE')" },
        {
            content: "It opens again as the bundle that it is, to be changed",
            trigger: ".o_form_statusbar button[name=action_open_link]:contains('Change Product')",
            run: "click",
        },
        { trigger: `${LINES} .o_data_row:contains('MUG-BLUE') .o_data_cell[name=quantity]`, run: "click" },
        { trigger: `${LINES} .o_selected_row .o_field_widget[name=quantity] input`, run: "edit 1 && click .modal-title" },
        { trigger: ".modal .o_field_widget[name=price_text]:contains('49.60')" },
        { trigger: `${LINES} .o_data_row:contains('TEA-GREEN-100') .o_list_record_remove`, run: "click" },
        { trigger: `${LINES}:not(:contains('TEA-GREEN-100'))` },
        { trigger: ".modal .o_field_widget[name=price_text]:contains('14.00 here')" },
        { trigger: `${LINES} .o_field_x2many_list_row_add a`, run: "click" },
        ...chooseProduct("TIN-M"),
        { trigger: ".modal .o_field_widget[name=note] input", run: "edit The tea comes in a tin" },
        { trigger: ".modal button[name=action_link]", run: "click" },
        {
            content: "Orders that were let go with the first bundle are offered for correction",
            trigger: ".o_data_row:contains('#1009'):contains('4 x [TEA-GREEN-100]'):contains('1 x [TIN-M]')",
        },
        { trigger: "button[name=action_apply]", run: "click" },
        { trigger: ".o_arrow_button_current:contains('Done')" },
        { trigger: ".breadcrumb-item:contains('GIFT-SAMPLER') a", run: "click" },
        { trigger: ".o_field_widget[name=mapping_id]:contains('TIN-M')" },
    ],
});
