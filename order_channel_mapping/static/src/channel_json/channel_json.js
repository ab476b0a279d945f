import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { Component } from "@odoo/owl";

/** What the channel sent, indented, to be read and copied. */
export class ChannelJson extends Component {
    static template = "order_channel_mapping.ChannelJson";
    static props = { ...standardFieldProps };

    get text() {
        const value = this.props.record.data[this.props.name];
        return value ? JSON.stringify(value, null, 2) : "";
    }
}

registry.category("fields").add("channel_json", { component: ChannelJson, supportedTypes: ["json"] });
