import { registry } from "@web/core/registry";
import { SelectionField, selectionField } from "@web/views/fields/selection/selection_field";

/** A selection that offers only what makes sense for its record: the values named in the record's `choices`. */
export class ChannelChoice extends SelectionField {
    get options() {
        const { choices, [this.props.name]: value } = this.props.record.data;
        const allowed = (choices || "").split(",");
        return super.options.filter(([option]) => option === value || allowed.includes(option));
    }
}

registry.category("fields").add("channel_choice", {
    ...selectionField,
    component: ChannelChoice,
    fieldDependencies: [{ name: "choices", type: "char" }],
});
