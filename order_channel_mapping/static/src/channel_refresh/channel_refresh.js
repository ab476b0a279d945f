import { registry } from "@web/core/registry";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { Component, onMounted, onWillUnmount, xml } from "@odoo/owl";

const SECONDS = 3;

/**
 * Reads its record again every few seconds while a field of it is set (a run is under way), so that counts run along.
 *
 * Never while somebody edits the record, and not in a tab that nobody looks at.
 */
export class ChannelRefresh extends Component {
    static template = xml`<span class="d-none" />`;
    static props = { ...standardWidgetProps, whileField: String };

    setup() {
        this.busy = false;
        onMounted(() => {
            this.timer = setInterval(() => this.refresh(), SECONDS * 1000);
        });
        onWillUnmount(() => clearInterval(this.timer));
    }

    async refresh() {
        const { record, whileField } = this.props;
        if (this.busy || !record.resId || !record.data[whileField] || document.hidden) {
            return;
        }
        this.busy = true;
        try {
            if (!(await record.isDirty())) {
                await record.load();
            }
        } finally {
            this.busy = false;
        }
    }
}

registry.category("view_widgets").add("channel_refresh", {
    component: ChannelRefresh,
    extractProps: ({ attrs }) => ({ whileField: attrs.while }),
});
