import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { Component } from "@odoo/owl";

/**
 * The products among which a person has to choose, one button each: a click fills in the row's product, and the server ticks it.
 */
export class ChannelCandidates extends Component {
    static template = "order_channel_mapping.ChannelCandidates";
    static props = { ...standardFieldProps, autosave: { type: Boolean, optional: true } };
    static defaultProps = { autosave: true };

    get candidates() {
        return this.props.record.data[this.props.name].records.map(({ resId, data }) => ({
            id: resId,
            name: data.display_name,
        }));
    }

    get chosen() {
        return this.props.record.data.product_id?.id;
    }

    get decided() {
        const { data, context } = this.props.record;
        return "state" in data && (data.state !== "pending" || context.batch_state !== "ready");
    }

    choose({ id, name }) {
        return this.props.record.update({ product_id: { id, display_name: name } }, { save: this.props.autosave });
    }
}

export const channelCandidates = {
    component: ChannelCandidates,
    supportedTypes: ["many2many"],
    extractProps: ({ options }) => ({ autosave: options.autosave ?? true }),
    relatedFields: [{ name: "display_name", type: "char" }],
};

registry.category("fields").add("channel_candidates", channelCandidates);
