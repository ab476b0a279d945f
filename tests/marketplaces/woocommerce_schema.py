"""Checks answers against the JSON Schemas that a live WooCommerce served, where the official specifications are at hand."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator

from .base import specs_folder

_FILE = "wc_v3_options_schemas_woocommerce-11.0.1.json"
#: below wc/v3: what a path answers, and the schema of it
_PATHS = [
    (r"/products(/batch|/\d+)?", "/products"),
    (r"/products/\d+/variations(/batch|/\d+)?|/variations", "/products/<id>/variations"),
    (r"/orders(/batch|/\d+)?", "/orders"),
    (r"/orders/\d+/notes(/\d+)?", "/orders/<id>/notes"),
    (r"/orders/\d+/refunds(/\d+)?|/refunds", "/orders/<id>/refunds"),
    (r"/webhooks(/batch|/\d+)?", "/webhooks"),
    (r"/taxes(/\d+)?", "/taxes"),
    (r"/customers(/\d+)?", "/customers"),
    (r"/settings", "/settings"),
    (r"/system_status", "/system_status"),
    (r"/data/currencies(/\w+)?", "/data/currencies"),
]
#: where WooCommerce's answers differ from its own schemas, as the captures show
_TYPES = {"mixed": None, "bool": "boolean", "date-time": ["string", "null"]}
_WIDER = {
    "stock_quantity": ["integer", "null"],
    "shipping_class_id": ["integer", "string"],
    "sub_groups": ["array", "string"],
    "image": ["object", "null"],
    "image.id": ["integer", "string"],
    "parent_name": ["string", "null"],
}


class Schemas:
    def __init__(self, served: dict[str, Any]):
        self._validators = {name: Draft202012Validator(_true(route["schema"])) for name, route in served.items()}

    @classmethod
    def official(cls) -> Schemas | None:
        """Those of the specifications, or None where they are not at hand."""
        return _read()

    def check(self, method: str, path: str, body: Any) -> None:
        """Raises ``jsonschema.ValidationError``. ``path`` is the one below ``wc/v3``."""
        name = next((name for pattern, name in _PATHS if re.fullmatch(pattern, path.rstrip("/"))), None)
        if not name:
            return
        if path.endswith("/batch"):
            records = [entry for entries in body.values() for entry in entries if "error" not in entry]
        else:
            records = body if isinstance(body, list) else [body]
        for record in records:
            self._validators[name].validate(json.loads(json.dumps(record, default=float)))


@lru_cache(maxsize=1)
def _read() -> Schemas | None:
    path = specs_folder() / "woocommerce" / _FILE
    return Schemas(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def _true(schema: Any, name: str = "", inside: str = "") -> Any:
    """A schema that WooCommerce's own answers fulfil: WordPress invents types, and leaves out where a null may be."""
    if not isinstance(schema, dict):
        return {}
    kept: dict[str, Any] = {}
    kind = _WIDER.get(f"{inside}.{name}") or _WIDER.get(name, schema.get("type"))
    kind = _TYPES.get(kind, kind) if isinstance(kind, str) else kind
    if schema.get("format") == "date-time" and kind == "string":
        kind = ["string", "null"]
    if kind:
        kept["type"] = kind
    if schema.get("enum") and name != "status":  # plugins add some
        kept["enum"] = [*schema["enum"], "variation"] if name == "type" else schema["enum"]
    if isinstance(schema.get("properties"), dict):
        kept["properties"] = {key: _true(value, key, name) for key, value in schema["properties"].items()}
    if isinstance(schema.get("items"), dict):
        kept["items"] = _true(schema["items"])
    return kept
