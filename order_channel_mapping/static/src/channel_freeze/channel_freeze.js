import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { KanbanRenderer } from "@web/views/kanban/kanban_renderer";
import { listView } from "@web/views/list/list_view";
import { ListRenderer } from "@web/views/list/list_renderer";
import { Component, onWillStart, onWillUpdateProps } from "@odoo/owl";

/**
 * What the rows below hold up together. The rows can't be added up: an order that waits for two items is in both.
 */
export class ChannelFreezeTotal extends Component {
    static template = "order_channel_mapping.ChannelFreezeTotal";
    static props = { domain: Array };

    setup() {
        this.orm = useService("orm");
        onWillStart(() => this.load(this.props));
        onWillUpdateProps((props) => this.load(props));
    }

    async load({ domain }) {
        this.summary = await this.orm.call("order.channel.freeze", "get_summary", [domain]);
    }
}

class ChannelFreezeListRenderer extends ListRenderer {
    static template = "order_channel_mapping.ChannelFreezeListRenderer";
    static components = { ...ListRenderer.components, ChannelFreezeTotal };
}

class ChannelFreezeKanbanRenderer extends KanbanRenderer {
    static template = "order_channel_mapping.ChannelFreezeKanbanRenderer";
    static components = { ...KanbanRenderer.components, ChannelFreezeTotal };
}

registry.category("views").add("channel_freeze_list", { ...listView, Renderer: ChannelFreezeListRenderer });
registry.category("views").add("channel_freeze_kanban", { ...kanbanView, Renderer: ChannelFreezeKanbanRenderer });
