"""What goes to WooCommerce against the index that a live one served, and what comes back against its JSON Schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from jsonschema import Draft202012Validator, ValidationError

from tests.contract.wire import Exchange
from tests.marketplaces.base import specs_folder
from tests.marketplaces.woocommerce_schema import Schemas

_INDEX = "wc_v3_index_context_help_woocommerce-11.0.1.json"
_ROOT = "/wp-json"
#: what WordPress itself takes for every route, and the parameters of a signed request
_EVERYWHERE = frozenset({"_fields", "_embed", "_envelope", "_locale"})
_WITHOUT_LENGTH = ("/wc/v3/reports", "/wc/v3/settings")
_BATCH = frozenset({"create", "update", "delete"})
_READ = {
    "integer": re.compile(r"-?\d+"),
    "number": re.compile(r"-?\d+(\.\d+)?"),
    "boolean": re.compile(r"true|false|1|0"),
}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


@lru_cache(maxsize=1)
def _routes() -> list[tuple[re.Pattern[str], list[Mapping[str, Any]]]]:
    index = json.loads((specs_folder() / "woocommerce" / _INDEX).read_text(encoding="utf-8"))
    return [(re.compile(route), known["endpoints"]) for route, known in index["routes"].items()]


@lru_cache(maxsize=256)
def _endpoint(method: str, path: str) -> Mapping[str, Any] | None:
    """What the index says of a call, None where there is none."""
    for route, endpoints in _routes():
        if route.fullmatch(path):
            return next((found for found in endpoints if method in found["methods"]), None)
    return None


def contradictions(exchange: Exchange) -> Iterator[str]:
    """Everything about one exchange that WooCommerce's contract does not allow."""
    request = exchange.request
    url = urlsplit(request.path)
    path = url.path.removeprefix(_ROOT)
    if path in ("", "/"):  # WordPress's own index of everything
        yield from _answer(exchange, path)
        return
    endpoint = _endpoint(request.method, path.rstrip("/"))
    if endpoint is None:
        yield f"{request.method} {path}: no such route"
        return
    where = f"{request.method} {path}"
    args = endpoint["args"] or {}
    query = parse_qsl(url.query, keep_blank_values=True)
    for name, value in query:
        name = name.removesuffix("[]")
        if name.startswith("oauth_") or name in _EVERYWHERE:
            continue
        if name not in args:
            yield f"{where}: no parameter {name}"
        else:
            yield from (f"{where}: {name} {wrong}" for wrong in _query_value(args[name], value))
    if request.method != "GET" and request.raw:
        yield from (f"{where}: {wrong}" for wrong in _body(path, args, request.body))
    yield from _answer(exchange, path)


def _query_value(arg: Mapping[str, Any], value: str) -> Iterator[str]:
    """Whether a parameter of an address is of its type, and one of those that are allowed."""
    if arg.get("type") == "array":
        for part in value.split(","):
            yield from _query_value(arg.get("items") or {}, part)
        return
    pattern = _READ.get(arg.get("type")) if isinstance(arg.get("type"), str) else None
    if pattern and not pattern.fullmatch(value):
        yield f"{value!r} is no {arg['type']}"
        return
    if arg.get("enum") and value not in arg["enum"] and not _is_of_a_plugin(arg, value):
        yield f"{value!r} is none of {arg['enum']}"
    if arg.get("format") == "date-time" and not _MOMENT.fullmatch(value):
        yield f"{value!r} is no moment"
    for bound, wrong in (
        ("minimum", lambda number, limit: number < limit),
        ("maximum", lambda number, limit: number > limit),
    ):
        if bound in arg and wrong(float(value), arg[bound]):
            yield f"{value} is beyond the {bound} of {arg[bound]}"


def _is_of_a_plugin(arg: Mapping[str, Any], value: str) -> bool:
    """Order statuses that plugins add are in the enumeration of their own site."""
    return "processing" in arg["enum"] and value in PLUGIN_STATUSES


#: order statuses that the simulated plugins add
PLUGIN_STATUSES = frozenset({"ready-to-ship"})


def _body(path: str, args: Mapping[str, Any], body: Any) -> Iterator[str]:
    if not isinstance(body, dict):
        yield f"a body that is {type(body).__name__}"
        return
    if not path.endswith("/batch"):
        yield from _entry(args, body)
        return
    for name in body.keys() - _BATCH:
        yield f"no list {name} in a batch"
    if sum(len(body.get(name) or ()) for name in _BATCH) > 100:
        yield "more than 100 in a batch"
    collection = path.removesuffix("/batch")  # the index says nothing of its own about batches
    new, known = _endpoint("POST", collection)["args"], _endpoint("PUT", f"{collection}/1")["args"]
    for entry in body.get("create") or ():
        yield from _entry(new, entry)
        yield from (f"no {name}" for name, arg in new.items() if arg.get("required") and name not in entry)
    for entry in body.get("update") or ():
        yield from _entry(known, entry)
        if "id" not in entry:
            yield "an update of nothing"
    for entry in body.get("delete") or ():
        if not isinstance(entry, int):
            yield f"a deletion of {entry!r}"


def _entry(args: Mapping[str, Any], body: Mapping[str, Any]) -> Iterator[str]:
    for name, value in body.items():
        if name not in args:
            yield f"no property {name}"
            continue
        try:
            _validator(json.dumps(_plain(args[name]), sort_keys=True)).validate(value)
        except ValidationError as error:
            yield f"{name}: {error.message[:200]}"


@lru_cache(maxsize=256)
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema))


def _plain(arg: Any) -> Any:
    """An argument's schema as JSON Schema knows it: WordPress writes ``required`` beside a property, and types of its own."""
    if not isinstance(arg, dict):
        return {}
    kept = {name: arg[name] for name in ("type", "enum", "minimum", "maximum") if name in arg}
    if kept.get("type") in ("mixed", "date-time"):
        kept.pop("type")
    if kept.get("type") == "bool":
        kept["type"] = "boolean"
    if isinstance(arg.get("properties"), dict):
        kept["properties"] = {name: _plain(value) for name, value in arg["properties"].items()}
    if isinstance(arg.get("items"), dict):
        kept["items"] = _plain(arg["items"])
    return kept


def _answer(exchange: Exchange, path: str) -> Iterator[str]:
    """Answers by the JSON Schemas, errors by the form of the captured ones, lists with their headers."""
    reply = exchange.reply
    if reply is None or "json" not in reply.headers.get("Content-Type", "json"):
        return
    try:
        body = exchange.body
    except ValueError:  # a fault on command
        return
    if reply.status >= 400:
        if not isinstance(body, dict) or not {"code", "message", "data"} <= body.keys():
            yield f"{path}: an error in a form of its own: {body!r:.100}"
        return
    whole = "_fields=" not in exchange.request.path
    if whole:
        try:
            Schemas.official().check(exchange.request.method, path.removeprefix("/wc/v3"), body)
        except ValidationError as error:
            yield f"{path}: {error.message[:200]}"
    if (
        exchange.request.method == "GET"
        and isinstance(body, list)
        and not path.startswith(("/wc/v3/reports", "/wc/v3/settings"))
    ):
        headers = {name.lower(): value for name, value in reply.headers.items()}
        if not {"x-wp-total", "x-wp-totalpages"} <= headers.keys() and not path.endswith("/notes"):
            yield f"{path}: a list without its length"
