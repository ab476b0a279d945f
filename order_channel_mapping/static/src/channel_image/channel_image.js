import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { Component, useState } from "@odoo/owl";

/**
 * A picture that lives at the marketplace: loaded when it comes into view, and a plain tile where there is none.
 *
 * The marketplace does not learn from where in Odoo it is looked at.
 */
export class ChannelImage extends Component {
    static template = "order_channel_mapping.ChannelImage";
    static props = { ...standardFieldProps, size: { type: Number, optional: true } };
    static defaultProps = { size: 40 };

    setup() {
        this.state = useState({ failed: null });
    }

    get url() {
        const url = this.props.record.data[this.props.name] || "";
        const isHttp = url.startsWith("https://") || url.startsWith(`${window.location.protocol}//`);
        return isHttp || url.startsWith("/") || url.startsWith("data:image/") ? url : "";
    }

    get style() {
        return `width: ${this.props.size}px; height: ${this.props.size}px;`;
    }

    onError() {
        this.state.failed = this.url;
    }
}

export const channelImage = {
    component: ChannelImage,
    supportedTypes: ["char"],
    extractProps: ({ options }) => ({ size: options.size }),
};

/** The sign of a marketplace, or its first letter where it has none. */
export class ChannelProvider extends Component {
    static template = "order_channel_mapping.ChannelProvider";
    static props = { ...standardFieldProps, size: { type: Number, optional: true } };
    static defaultProps = { size: 40 };

    setup() {
        this.state = useState({ failed: null });
    }

    get provider() {
        return this.props.record.data[this.props.name] || "";
    }

    get label() {
        const field = this.props.record.fields[this.props.name];
        return (field.selection.find(([code]) => code === this.provider) || ["", ""])[1];
    }

    get url() {
        return `/order_channel_mapping/static/img/${this.provider}.svg`;
    }

    get style() {
        return `width: ${this.props.size}px; height: ${this.props.size}px;`;
    }

    onError() {
        this.state.failed = this.provider;
    }
}

export const channelProvider = {
    component: ChannelProvider,
    supportedTypes: ["selection"],
    extractProps: ({ options }) => ({ size: options.size }),
};

registry.category("fields").add("channel_image", channelImage);
registry.category("fields").add("channel_provider", channelProvider);
