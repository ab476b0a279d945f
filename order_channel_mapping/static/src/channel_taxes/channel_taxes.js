import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { listView } from "@web/views/list/list_view";
import { ListRenderer } from "@web/views/list/list_renderer";
import { Component, onWillStart, onWillUpdateProps, useState } from "@odoo/owl";

/**
 * The taxes that orders wait for, above the answers that were given.
 */
export class ChannelTaxQuestions extends Component {
    static template = "order_channel_mapping.ChannelTaxQuestions";
    static props = { list: Object };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ questions: [] });
        onWillStart(() => this.load());
        onWillUpdateProps(() => this.load());
    }

    async load() {
        this.state.questions = await this.orm.call("order.channel.tax.map", "get_open_questions", []);
    }

    async choose(question) {
        const action = await this.orm.call("order.channel.blocker", "action_choose_tax", [[question.blocker_id]]);
        // the list is loaded again, and the questions with it
        await this.action.doAction(action, { onClose: () => this.props.list.load() });
    }
}

class ChannelTaxListRenderer extends ListRenderer {
    static template = "order_channel_mapping.ChannelTaxListRenderer";
    static components = { ...ListRenderer.components, ChannelTaxQuestions };
}

registry.category("views").add("channel_tax_list", { ...listView, Renderer: ChannelTaxListRenderer });
