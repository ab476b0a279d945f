import { CopyButton } from "@web/core/copy_button/copy_button";
import { _t } from "@web/core/l10n/translation";
import { rpc } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { useBus } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { Component, onWillUpdateProps, useState } from "@odoo/owl";

/**
 * The ways to sign in at a marketplace, and what the chosen one asks for: plain credentials with their values, secret ones
 * as "set" or "not set".
 *
 * What is typed never becomes part of the record, so that it is in no model call. It goes to the server, by a route of its
 * own, as soon as the user leaves the input; a new record is saved first, because only a saved one has an account.
 */
export class ChannelCredentials extends Component {
    static template = "order_channel_mapping.ChannelCredentials";
    static components = { CopyButton };
    static props = { ...standardFieldProps };

    setup() {
        this.copy = _t("Copy");
        this.copied = _t("Copied");
        this.keep = _t("Leave empty to keep it");
        // typing: what is in an input that the user has not left yet; typed: what is to be sent
        this.state = useState({ typing: {}, typed: {}, credentials: null });
        this.posting = null; // the promise of the post under way
        this.ownCall = false; // whether the record is called from here, which must not wait for itself
        useBus(this.props.record.model.bus, "NEED_LOCAL_CHANGES", ({ detail }) => {
            if (this.posting && !this.ownCall) {
                detail.proms.push(this.posting);
            }
        });
        onWillUpdateProps(({ record }) => {
            if (record.id !== this.props.record.id) {
                Object.assign(this.state, { typing: {}, typed: {}, credentials: null });
            }
        });
    }

    get methods() {
        const credentials = this.state.credentials || this.props.record.data[this.props.name];
        return credentials ? credentials.methods : [];
    }

    get method() {
        const chosen = this.props.record.data.auth_method;
        return this.methods.find(({ code }) => code === chosen) || this.methods[0];
    }

    get entries() {
        return this.method ? this.method.fields : [];
    }

    /** What the marketplace must be told beforehand: for copying, not for typing. */
    get addresses() {
        const { return_url = "", scopes = "" } = this.method || {};
        return [
            {
                name: "return_url",
                label: _t("Redirect URL"),
                value: return_url,
                help: _t("Enter this address at the marketplace, exactly as it is."),
            },
            {
                name: "scopes",
                label: _t("Rights"),
                value: scopes,
                help: _t("Give the app these rights at the marketplace; there they are called scopes."),
            },
        ].filter(({ value }) => value);
    }

    /** The field is computed and so always read-only for the form; what is typed here does not go through it. */
    get canEnter() {
        return this.props.record.isInEdition;
    }

    get accountId() {
        const { record } = this.props;
        return record.resModel === "order.channel.account" ? record.resId : record.resId && record.data.account_id?.id;
    }

    choose(method) {
        return this.props.record.update({ auth_method: method.code });
    }

    /** Whatever renders the form meanwhile must not take away what is half typed. */
    onInput(entry, ev) {
        this.state.typing[entry.name] = ev.target.value;
    }

    valueOf(entry) {
        return this.state.typing[entry.name] ?? this.state.typed[entry.name] ?? entry.value;
    }

    onChange(entry, ev) {
        delete this.state.typing[entry.name];
        this.state.typed[entry.name] = ev.target.value;
        this.post();
    }

    /** Send what was typed. Two at once become one after the other, so that none is lost. */
    post() {
        const before = this.posting || Promise.resolve();
        const posting = before
            .catch(() => {})
            .then(() => this._post())
            .finally(() => {
                if (this.posting === posting) {
                    this.posting = null;
                }
            });
        this.posting = posting;
        return posting;
    }

    async _post() {
        if (!Object.keys(this.state.typed).length) {
            return;
        }
        if (!this.accountId && !(await this._onRecord((record) => record.save()))) {
            return; // the form says what is missing; what was typed stays and goes with the next change
        }
        const values = { ...this.state.typed };
        const url = `/order_channel_mapping/account/${this.accountId}/secret`;
        this.state.credentials = await rpc(url, { values });
        for (const [name, value] of Object.entries(values)) {
            if (this.state.typed[name] === value) {
                delete this.state.typed[name];
            }
        }
        if (!(await this._onRecord((record) => record.isDirty()))) {
            await this._onRecord((record) => record.load());
            this.state.credentials = null;
        }
    }

    async _onRecord(call) {
        this.ownCall = true;
        try {
            return await call(this.props.record);
        } finally {
            this.ownCall = false;
        }
    }
}

export const channelCredentials = {
    component: ChannelCredentials,
    supportedTypes: ["json"],
    fieldDependencies: [
        { name: "account_id", type: "many2one" },
        { name: "auth_method", type: "selection", readonly: false },
    ],
};

export const accountCredentials = {
    component: ChannelCredentials,
    supportedTypes: ["json"],
    fieldDependencies: [{ name: "auth_method", type: "selection", readonly: false }],
};

registry.category("fields").add("channel_credentials", channelCredentials);
registry.category("fields").add("account_credentials", accountCredentials);
