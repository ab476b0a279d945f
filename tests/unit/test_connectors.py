"""What holds for every connector, whatever the marketplace."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from datetime import datetime, timezone
from pathlib import Path

import pytest

from order_channel_mapping import connectors
from order_channel_mapping.connectors import base, records, values
from order_channel_mapping.connectors.base import BadPayload, Connector, Login, Ports, Rejected

FOLDER = Path(connectors.__file__).parent
CLASSES = connectors.connector_classes()
METHODS = {
    "items": "iter_items",
    "orders": "iter_orders",
    "recheck": "get_orders",
    "stock": "push_stock",
    "ship": "ship",
    "cancel": "cancel",
    "poll": "poll",
    "webhooks": "verify_webhook",
    "oauth": "authorize_url",
}


def test_connectors_are_found():
    assert "shopify" in CLASSES


@pytest.mark.parametrize("provider", CLASSES)
def test_a_connector_can_what_it_says(provider):
    connector = CLASSES[provider]
    assert connector.provider == provider
    assert connector.label
    assert connector.capabilities <= METHODS.keys() | {"locations", "compare"}
    for capability, method in METHODS.items():
        own = inspect.getattr_static(connector, method) is not inspect.getattr_static(Connector, method)
        assert own is (capability in connector.capabilities), f"{provider}: {capability}"
    assert connector.identify is not Connector.identify


@pytest.mark.parametrize("provider", CLASSES)
def test_making_a_connector_asks_nothing_and_closing_it_is_safe(provider):
    connector = CLASSES[provider](Login(), Ports(None, None))
    assert connector.calls == 0
    connector.close()
    connector.close()


def test_what_a_connector_does_not_support_it_says_so():
    class Nothing(Connector):
        label = "Nothing"

    nothing = Nothing(Login(), Ports(None, None))
    for call in (nothing.identify, nothing.iter_items, nothing.iter_orders, lambda: nothing.push_stock([])):
        with pytest.raises(Rejected) as caught:
            call()
        assert caught.value.code == "not_supported"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_connectors_know_nothing_of_odoo(path):
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level <= 1, "nothing outside this folder is imported"
            names.add((node.module or "").partition(".")[0])
    assert "odoo" not in names


def test_secrets_do_not_show_in_a_login():
    assert "shpat" not in repr(Login(secrets={"access_token": "shpat_1"}))


def test_records_are_frozen_and_have_defaults():
    kinds = [value for value in vars(records).values() if dataclasses.is_dataclass(value)]
    assert len(kinds) > 10
    for kind in kinds:
        missing = [
            field for field in dataclasses.fields(kind) if field.default is field.default_factory is dataclasses.MISSING
        ]
        assert len(missing) <= 1, kind
        assert kind.__dataclass_params__.frozen


def test_errors_have_stable_codes():
    codes = {error.code for error in vars(base).values() if isinstance(error, type) and issubclass(error, Exception)}
    assert codes == {
        "error",
        "auth",
        "rate_limited",
        "unavailable",
        "rejected",
        "bad_payload",
        "too_large",
        "signature",
    }


# === VALUES === #


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-02T09:30:00Z", datetime(2026, 11, 2, 9, 30, tzinfo=timezone.utc)),
        ("2026-11-02T09:30:00", datetime(2026, 11, 2, 9, 30, tzinfo=timezone.utc)),
        ("2026-11-02T10:30:00+01:00", datetime(2026, 11, 2, 9, 30, tzinfo=timezone.utc)),
        ("2026-11-02T09:30:00.5Z", datetime(2026, 11, 2, 9, 30, 0, 500_000, tzinfo=timezone.utc)),
        ("2026-11-02T09:30:00.123456789Z", datetime(2026, 11, 2, 9, 30, 0, 123_456, tzinfo=timezone.utc)),
        (None, None),
    ],
)
def test_a_time_is_read_with_any_number_of_decimals(written, read):
    """Shopify's notifications have nine; Python 3.10 reads three or six."""
    assert values.moment(written) == read


@pytest.mark.parametrize("written", ["", "yesterday", "2026-13-01T00:00:00Z", 5])
def test_what_is_no_time_is_bad(written):
    with pytest.raises(BadPayload, match="is not a time"):
        values.moment(written)
