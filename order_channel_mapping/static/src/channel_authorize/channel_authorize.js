import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { ViewButton } from "@web/views/view_button/view_button";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { Component } from "@odoo/owl";

/** The button that leads to the marketplace's page; unlike a button of a view, it says which marketplace. */
export class ChannelAuthorize extends Component {
    static template = "order_channel_mapping.ChannelAuthorize";
    static components = { ViewButton };
    static props = { ...standardWidgetProps };

    get label() {
        const { marketplace, state } = this.props.record.data;
        return state === "draft" ? _t("Authorise at %s", marketplace) : _t("Authorise Again at %s", marketplace);
    }

    get clickParams() {
        return { type: "object", name: "action_authorize" };
    }
}

registry.category("view_widgets").add("channel_authorize", {
    component: ChannelAuthorize,
    fieldDependencies: [
        { name: "marketplace", type: "char" },
        { name: "state", type: "selection" },
    ],
});
