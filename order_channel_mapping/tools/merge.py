"""What a person edited and what a channel changed on the same sales order line, brought together. Pure Python.

Three versions of a line meet: *base*, what was written last; *ours*, what is there now; *theirs*, what would be written now.
What the channel did not change stays as a person left it. What it did change, on that very field, is the channel's. A
mapping or the answer to a question changes what a line is written as, but is nothing that the channel changed.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import Any

#: two prices or quantities that are no further apart are the same
TOLERANCE = 1e-6


def same(one: Any, other: Any, tolerance: float = TOLERANCE) -> bool:
    """Whether two values of a field mean the same; numbers as near as they are kept, lists in any order."""
    if isinstance(one, float) and isinstance(other, int | float):
        return abs(one - other) <= tolerance
    if isinstance(one, list):
        return set(one) == set(other or ())
    return (one or False) == (other or False)


def merge_line(
    base: dict[str, Any],
    ours: dict[str, Any],
    theirs: dict[str, Any],
    changed: set[str],
    tolerances: dict[str, float] | None = None,
) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Values of the fields of a line, and what of a person's was replaced.

    :param base: ``product_id``, ``product_uom_id``, ``product_uom_qty``, ``price_unit``, ``discount``, ``tax_ids`` (ids),
        ``name`` and ``sequence``, as ``ours`` and ``theirs``
    :param changed: what the channel changed since: of "quantity", "price", "taxes", "text"
    :param tolerances: of the fields whose numbers are rounded when they are kept
    :return: (merged values, ``{field: [what a person had, what is written]}``)
    """
    tolerances = tolerances or {}
    edited = {name for name in base if not same(base[name], ours[name], tolerances.get(name, TOLERANCE))}
    other_unit = any(base[name] != theirs[name] for name in ("product_id", "product_uom_id"))
    own_unit = bool(edited & {"product_id", "product_uom_id"})
    merged = {name: ours[name] if name in edited else theirs[name] for name in base}
    if own_unit:  # what a person chose to sell stays, in the unit it was chosen in
        merged.update({name: ours[name] for name in ("product_id", "product_uom_id")})
    foreign = own_unit and ours["product_uom_id"] != theirs["product_uom_id"]

    def scaled(name: str) -> float:
        """A person's number in the unit of now: 2 of 3 are 12 pieces of 18."""
        if not base[name]:
            return ours[name]
        return round(ours[name] * theirs[name] / base[name], 10)

    if own_unit and "quantity" not in changed and other_unit:
        merged["product_uom_qty"], merged["price_unit"] = ours["product_uom_qty"], ours["price_unit"]
    else:
        if "quantity" in changed:
            merged["product_uom_qty"] = scaled("product_uom_qty") if foreign else theirs["product_uom_qty"]
        elif "product_uom_qty" in edited and other_unit:
            merged["product_uom_qty"] = scaled("product_uom_qty")
        if "price" in changed:
            merged["price_unit"] = scaled("price_unit") if foreign else theirs["price_unit"]
            merged["discount"] = theirs["discount"]
        elif "price_unit" in edited and (other_unit or not same(base["tax_ids"], theirs["tax_ids"])):
            merged["price_unit"] = scaled("price_unit")
    if "taxes" in changed:
        merged["tax_ids"] = theirs["tax_ids"]
    replaced = {
        name: [ours[name], merged[name]]
        for group, names in (
            ("quantity", ["product_uom_qty"]),
            ("price", ["price_unit", "discount"]),
            ("taxes", ["tax_ids"]),
        )
        if group in changed
        for name in names
        if name in edited
        and not same(ours[name], merged[name], tolerances.get(name, TOLERANCE))
        and not (foreign and name in ("product_uom_qty", "price_unit"))
    }
    if "name" in edited:
        merged["name"], lost = merge_text(base["name"], ours["name"], theirs["name"], "text" in changed)
        if lost:
            replaced["name"] = [lost, merged["name"]]
    return merged, replaced


def merge_text(base: str, ours: str, theirs: str, changed: bool = True) -> tuple[str, str]:
    """A text that a person edited, with what changed in it since, line by line.

    :param bool changed: whether theirs counts where both changed the same lines
    :return: (text, the person's lines that gave way)
    """
    old, own, new = (text.replace("\r\n", "\n").split("\n") if text else [] for text in (base, ours, theirs))
    if own == old or new == old:
        return (theirs if own == old else ours), ""
    result: list[str] = []
    lost: list[str] = []
    for old_part, own_part, new_part in _parts(old, own, new):
        if own_part == old_part:
            result += new_part
        elif new_part in (old_part, own_part):
            result += own_part
        else:
            kept, gone = _both(old_part, own_part, new_part)
            result += kept if changed or not gone else own_part
            lost += gone if changed else []
    return "\n".join(result), "\n".join(lost)


def _parts(old: list[str], own: list[str], new: list[str]):
    """The three texts in parts: lines that all have, and between them what somebody changed."""
    to_own = {a + step: b + step for a, b, size in _blocks(old, own) for step in range(size)}
    to_new = {a + step: b + step for a, b, size in _blocks(old, new) for step in range(size)}
    at, own_at, new_at = 0, 0, 0
    for place in [*sorted(to_own.keys() & to_new.keys()), len(old)]:
        own_place, new_place = to_own.get(place, len(own)), to_new.get(place, len(new))
        if (place, own_place, new_place) != (at, own_at, new_at):
            yield old[at:place], own[own_at:own_place], new[new_at:new_place]
        if place < len(old):
            yield old[place : place + 1], old[place : place + 1], old[place : place + 1]
        at, own_at, new_at = place + 1, own_place + 1, new_place + 1


def _blocks(one: list[str], other: list[str]):
    return SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()


def _both(old: list[str], own: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    """Lines that both changed: the channel's without what a person took out, and around them what a person added. What
    they rewrote gives way.

    :return: (lines, the person's that gave way)
    """
    before: list[str] = []
    after: list[str] = []
    lost: list[str] = []
    for kind, start, end, own_start, own_end in SequenceMatcher(None, old, own, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        if kind == "delete":
            new = [line for line in new if line not in old[start:end]]
        lines = own[own_start:own_end]
        lost += lines[: end - start]
        added = lines[end - start :]
        if start == 0 and old and kind == "insert":
            before += added
        else:
            after += added
    return [*before, *new, *after], lost
