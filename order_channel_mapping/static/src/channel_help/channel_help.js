import { patch } from "@web/core/utils/patch";
import { ActionHelper } from "@web/views/action_helper";

const OURS = "o_channel_help";
const OWN_FILTERS = /o_channel_for_(\w+)/g;
const GROUPS = ["groupBy", "dateGroupBy"];

/**
 * An empty list says "all is done" only where it was not narrowed down: "No items to confirm" is wrong when the search, or a
 * filter, is what leaves nothing.
 *
 * A help text of ours names with a class the filters that it is about (o_channel_for_<filter>); any other one narrows.
 */
patch(ActionHelper.prototype, {
    get channelNothingMatches() {
        const help = String(this.props.noContentHelp || "");
        const { searchModel } = this.env;
        if (!searchModel || !help.includes(OURS)) {
            return false;
        }
        const own = new Set([...help.matchAll(OWN_FILTERS)].map(([, name]) => name));
        return searchModel.query
            .map(({ searchItemId }) => searchModel.searchItems[searchItemId])
            .some((item) => !GROUPS.includes(item.type) && !own.has(item.name));
    },
});
