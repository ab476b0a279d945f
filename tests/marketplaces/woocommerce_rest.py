"""The manners of WordPress's REST API: parameters as PHP reads them, errors, pages and their headers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from zoneinfo import ZoneInfo

ROOT = "/wp-json/wc/v3"
MAX_BATCH = 100
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}(:?\d{2})?)?")


class RestError(Exception):
    """An answer that WordPress makes of a ``WP_Error``."""

    def __init__(self, code: str, message: str, status: int, **data: Any):
        super().__init__(message)
        self.code, self.message, self.status = code, message, status
        self.data = {"status": status, **data}

    def body(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, "data": self.data}


def invalid_id(kind: str, status: int = 404) -> RestError:
    return RestError(f"woocommerce_rest_{kind}_invalid_id", "Invalid ID.", status)


def encode(body: Any) -> bytes:
    """JSON as PHP writes it: no spaces, slashes and everything beyond ASCII escaped, whole numbers without fraction."""
    return json.dumps(body, separators=(",", ":"), default=_number).replace("/", "\\/").encode()


def _number(value: Any) -> int | float:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value)} is no JSON")


# -- time -------------------------------------------------------------------------------------------------------------


def gmt(moment: datetime) -> str:
    """A time as WooCommerce writes it: to the second, without saying of which zone."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=100_000)
def local(moment: str | None, zone: str) -> str | None:
    """What the clock on the site's wall shows at a time in GMT."""
    if moment is None:
        return None
    return datetime.fromisoformat(f"{moment}+00:00").astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M:%S")


def threshold(text: str, zone: str, dates_are_gmt: bool) -> str:
    """A limit such as ``modified_after`` in GMT, read as WordPress reads it: an offset in it is first turned into the
    site's wall clock, whatever ``dates_are_gmt`` says, so that a "Z" gives a limit that is off by the site's offset."""
    wall = datetime.fromisoformat(re.sub(r"\.\d+", "", text).replace("Z", "+00:00").replace("z", "+00:00"))
    if wall.tzinfo:
        wall = wall.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return wall.strftime("%Y-%m-%dT%H:%M:%S") if dates_are_gmt else gmt(wall.replace(tzinfo=ZoneInfo(zone)))


# -- parameters -------------------------------------------------------------------------------------------------------


def php_query(query: str) -> dict[str, str]:
    """Query parameters with the names that PHP gives them: the last of several counts, ``a[]`` is numbered."""
    found: dict[str, str] = {}
    counts: dict[str, int] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name.endswith("[]"):
            counts[name] = counts.get(name, -1) + 1
            name = f"{name[:-2]}[{counts[name]}]"
        found[name] = value
    return found


def lists_joined(params: Mapping[str, str]) -> dict[str, Any]:
    """``{"a[0]": "x"}`` -> ``{"a": ["x"]}``."""
    joined: dict[str, Any] = {}
    for name, value in params.items():
        base, bracket, _rest = name.partition("[")
        if bracket:
            joined.setdefault(base, []).append(value)
        else:
            joined[name] = value
    return joined


INTEGER, BOOLEAN, DATE, TEXT = "integer", "boolean", "date-time", "string"
#: what every list takes: name -> (kind, default); a tuple as kind lists the values that may be given
PAGED: dict[str, tuple[Any, Any]] = {
    "page": ((1, None), 1),
    "per_page": ((1, 100), 10),
    "offset": (INTEGER, None),
    "order": (("asc", "desc"), "desc"),
    "orderby": (("date", "id", "include", "title", "slug", "modified"), "date"),
    "include": ([INTEGER], []),
    "exclude": ([INTEGER], []),
    "search": (TEXT, None),
    "context": (("view", "edit"), "view"),
    **dict.fromkeys(("after", "before", "modified_after", "modified_before"), (DATE, None)),
    "dates_are_gmt": (BOOLEAN, False),
}


def read_args(params: Mapping[str, Any], wanted: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    """Parameters in their types, defaults filled in. Raises RestError as WordPress words it."""
    values, wrong = {}, {}
    for name, (kind, default) in wanted.items():
        if name not in params:
            values[name] = default
            continue
        try:
            values[name] = _read(name, params[name], kind)
        except RestError as error:
            wrong[name] = error
    if wrong:
        raise RestError(
            "rest_invalid_param",
            f"Invalid parameter(s): {', '.join(wrong)}",
            400,
            params={name: error.message for name, error in wrong.items()},
            details={
                name: {"code": error.code, "message": error.message, "data": error.data.get("more")}
                for name, error in wrong.items()
            },
        )
    return values


def _read(name: str, value: Any, kind: Any) -> Any:
    if isinstance(kind, list):
        parts = value if isinstance(value, list) else [part for part in re.split(r"[\s,]+", str(value)) if part]
        return [_read(f"{name}[{index}]", part, kind[0]) for index, part in enumerate(parts)]
    if isinstance(kind, tuple) and (kind[0] is None or isinstance(kind[0], int)):
        return _bounded(name, _read(name, value, INTEGER), *kind)
    if isinstance(kind, tuple):
        if value not in kind:
            raise RestError("rest_not_in_enum", f"{name} is not one of {_sentence(kind)}.", 400)
        return value
    if kind == INTEGER:
        if isinstance(value, bool) or not re.fullmatch(r"\s*[+-]?\d+(\.0*)?\s*", str(value)):
            raise RestError("rest_invalid_type", f"{name} is not of type integer.", 400, more={"param": name})
        return int(float(value))
    if kind == BOOLEAN:
        known = {"true": True, "1": True, "": False, "false": False, "0": False}
        if str(value).lower() not in known:
            raise RestError("rest_invalid_type", f"{name} is not of type boolean.", 400, more={"param": name})
        return known[str(value).lower()]
    if kind == DATE and not _DATE.fullmatch(str(value)):
        raise RestError("rest_invalid_date", "Invalid date.", 400)
    return str(value)


def _bounded(name: str, value: int, low: int, high: int | None) -> int:
    if value < low or (high is not None and value > high):
        within = f"between {low} (inclusive) and {high} (inclusive)" if high else f"greater than or equal to {low}"
        raise RestError("rest_out_of_bounds", f"{name} must be {within}", 400)
    return value


def _sentence(words: Sequence[str]) -> str:
    """``a, b, and c``."""
    return ", ".join(words[:-1]) + (", and " if len(words) > 2 else " and ") + words[-1]


def require(body: Mapping[str, Any], *names: str) -> None:
    missing = [name for name in names if name not in body]
    if missing:
        raise RestError(
            "rest_missing_callback_param", f"Missing parameter(s): {', '.join(missing)}", 400, params=missing
        )


def php_int(value: Any) -> int:
    """A number as PHP's ``intval`` reads it."""
    found = re.match(r"\s*[+-]?\d+", str(value))
    return int(found[0]) if found else 0


# -- pages ------------------------------------------------------------------------------------------------------------


def page_of(records: Sequence[Any], args: Mapping[str, Any]) -> Sequence[Any]:
    size = args["per_page"]
    start = args["offset"] if args.get("offset") is not None else (args["page"] - 1) * size
    return records[start : start + size]


def page_headers(url: str, total: int, args: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, str]:
    """``X-WP-Total``, ``X-WP-TotalPages`` and, where there is another page, ``Link``."""
    pages = -(-total // args["per_page"])
    links = []
    for relation, number in (("prev", args["page"] - 1), ("next", args["page"] + 1)):
        if 1 <= number <= pages:
            links.append(f'<{url}?{_link_query(given, args, number)}>; rel="{relation}"')
    headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)}
    return {**headers, "Link": ", ".join(links)} if links else headers


def _link_query(given: Mapping[str, Any], args: Mapping[str, Any], page: int) -> str:
    """The parameters that were given, as WordPress understood them, then two that it adds itself, then the page."""
    named = dict.fromkeys((*given, *(name for name in ("dp", "context") if name in args)))
    named.pop("page", None)
    pairs: list[tuple[str, str]] = []
    for name in named:
        value = args.get(name, given.get(name))
        if isinstance(value, list):
            pairs += [(f"{name}[{index}]", str(part)) for index, part in enumerate(value)]
        elif value is not False:
            pairs.append((name, "1" if value is True else str(value)))
    return urlencode([*pairs, ("page", str(page))], quote_via=quote)


def only_fields(body: Any, fields: str | None) -> Any:
    """What ``_fields`` asks for, ``a.b`` for a part of a part."""
    if not fields:
        return body
    if isinstance(body, list):
        return [only_fields(entry, fields) for entry in body]
    kept: dict[str, Any] = {}
    for path in re.split(r"[\s,]+", fields.strip()):
        name, _dot, rest = path.partition(".")
        if name not in body:
            continue
        if rest and isinstance(body[name], dict):
            kept.setdefault(name, {}).update(only_fields(body[name], rest))
        else:
            kept[name] = body[name]
    return kept


def batch(body: Mapping[str, Any], handlers: Mapping[str, Callable[[Mapping[str, Any]], Any]]) -> dict[str, Any]:
    """Run ``create``, ``update`` and ``delete``; an entry that fails carries its error, the answer is a 200 all the same."""
    lists = {name: body[name] for name in ("create", "update", "delete") if isinstance(body.get(name), list)}
    if sum(map(len, lists.values())) > MAX_BATCH:
        message = f"Unable to accept more than {MAX_BATCH} items for this request."
        raise RestError("woocommerce_rest_request_entity_too_large", message, 413)
    answer: dict[str, Any] = {}
    for name, entries in lists.items():
        answer[name] = []
        for entry in entries:
            entry = entry if isinstance(entry, dict) else {"id": entry}
            try:
                answer[name].append(handlers[name](entry))
            except RestError as error:
                answer[name].append({"id": php_int(entry.get("id", 0)), "error": error.body()})
    return answer


def path_of(url: str) -> str:
    return urlsplit(url).path
