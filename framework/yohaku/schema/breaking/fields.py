"""Changes of the fields of a file between two versions."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from yohaku.schema.breaking.model import Change

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from yohaku.schema.snapshot import FieldSnapshot, FileSnapshot, Scalar


def changed_fields(old: FileSnapshot, new: FileSnapshot) -> Iterator[Change]:
    """Find what changed about the fields of a file; reserved bytes are nothing but room."""
    before, after = _by_path(old.fields), _by_path(new.fields)
    renamed = {path: _renamed(field, after, before) for path, field in before.items() if path not in after}
    names = {path: target.path for path, target in renamed.items() if target is not None}
    for path, field in before.items():
        was = _following(field, names)
        where, now = f"{old.name}.{path}", after.get(path)
        target = renamed.get(path)
        if target is not None:
            yield Change("FIELD_RENAMED", where, f"is called {target.path}")
            now = target
        if now is None:
            yield _removed(where, was, new)
        elif was.group:
            yield from _changed_group(where, was, now)
        else:
            yield from _changed(where, was, now)
    for path, now in after.items():
        if path not in {*before, *names.values()} and not now.group and not _in_new_case(path, before):
            yield from _added(f"{new.name}.{path}", now, old)


def _by_path(fields: Sequence[FieldSnapshot]) -> dict[str, FieldSnapshot]:
    return {field.path: field for field in fields if not field.reserved}


def _following(field: FieldSnapshot, renamed: dict[str, str]) -> FieldSnapshot:
    """Give a field that depends on a renamed sibling as depending on its new name."""
    by = field.shape.get("by")
    inside = field.path.rpartition(".")[0]
    target = renamed.get(f"{inside}.{by}".removeprefix("."))
    return field if target is None else replace(field, shape={**field.shape, "by": target.rpartition(".")[2]})


def _in_new_case(path: str, before: dict[str, FieldSnapshot]) -> bool:
    """Tell whether a field lies in a case that a union had not: no card holds that case."""
    return any(
        field.group
        and field.members
        and path.startswith(f"{holder}.")
        and path.removeprefix(f"{holder}.").split(".")[0] not in field.members
        for holder, field in before.items()
    )


def _renamed(
    was: FieldSnapshot, after: dict[str, FieldSnapshot], before: dict[str, FieldSnapshot]
) -> FieldSnapshot | None:
    """Find the new field that has the place, width and type of one that is gone."""
    return next((now for path, now in after.items() if path not in before and _same_spot(was, now)), None)


def _same_spot(was: FieldSnapshot, now: FieldSnapshot) -> bool:
    if (was.kind, was.bits, was.tags, was.group) != (now.kind, now.bits, now.tags, now.group):
        return False
    return was.start == now.start and (was.start is not None or bool(was.tags))


def _removed(where: str, was: FieldSnapshot, new: FileSnapshot) -> Change:
    again = next((field.path for field in new.fields if was.tags and field.tags == was.tags), "")
    if again:
        return Change("TAG_REUSED", where, f"is gone, and its tag {' '.join(was.tags)} names {again} now")
    if was.tags or _is_reserved(was, new.fields):
        kept = "its tag is unused" if was.tags else "its bytes are reserved"
        return Change("FIELD_REMOVED", where, f"is gone; {kept}, so cards may still hold a value")
    place = "" if was.offset is None else f" (byte {was.offset})"
    return Change("FIELD_REMOVED_NOT_RESERVED", where, f"is gone{place}: put reserved bytes in its place")


def _is_reserved(was: FieldSnapshot, fields: Sequence[FieldSnapshot]) -> bool:
    if was.start is None or was.bits is None:
        return False
    covered = {
        bit
        for field in fields
        if field.reserved and field.start is not None and field.bits is not None
        for bit in range(field.start, field.start + field.bits)
    }
    return covered.issuperset(range(was.start, was.start + was.bits))


def _changed(where: str, was: FieldSnapshot, now: FieldSnapshot) -> Iterator[Change]:
    if was.tags != now.tags:
        yield Change("FIELD_TAG_CHANGED", where, f"had tag {' '.join(was.tags)}, has {' '.join(now.tags)}")
    elif was.start != now.start:
        yield Change("FIELD_MOVED", where, f"was at {_place(was)}, is at {_place(now)}")
    if was.kind != now.kind:
        yield Change("FIELD_TYPE_CHANGED", where, f"was a {was.kind}, is a {now.kind}")
    elif was.bits != now.bits:
        yield Change("FIELD_WIDTH_CHANGED", where, f"had {_width(was)}, has {_width(now)}")
    elif was.shape != now.shape:
        yield Change(
            "FIELD_TYPE_CHANGED", where, f"was {_told(was.shape, now.shape)}, is {_told(now.shape, was.shape)}"
        )
    else:
        yield from _narrowed(where, was, now)
        yield from _changed_members(where, was, now)
    yield from _required(where, was, now)


def _changed_group(where: str, was: FieldSnapshot, now: FieldSnapshot) -> Iterator[Change]:
    """Compare lists and choices; places and widths are told at what is inside."""
    if was.tags != now.tags:
        yield Change("FIELD_TAG_CHANGED", where, f"had tag {' '.join(was.tags)}, has {' '.join(now.tags)}")
    if was.kind != now.kind:
        yield Change("FIELD_TYPE_CHANGED", where, f"was a {was.kind}, is a {now.kind}")
    elif was.shape != now.shape:
        yield Change(
            "FIELD_WIDTH_CHANGED", where, f"was {_told(was.shape, now.shape)}, is {_told(now.shape, was.shape)}"
        )
    else:
        yield from _narrowed(where, was, now)
        yield from _changed_members(where, was, now)
    yield from _required(where, was, now)


def _required(where: str, was: FieldSnapshot, now: FieldSnapshot) -> Iterator[Change]:
    if was.optional and not now.optional:
        yield Change("FIELD_REQUIRED", where, "may be absent on cards, and must now be there")


def _narrowed(where: str, was: FieldSnapshot, now: FieldSnapshot) -> Iterator[Change]:
    """Compare limits; of a part without a fixed size the bytes it may take are limits too."""
    limits = [(name, was.limits.get(name), now.limits.get(name)) for name in was.limits]
    if was.bits is None and not was.group and "most" not in was.limits:
        limits += [("least", was.minimum, now.minimum), ("most", was.maximum, now.maximum)]
    told = [f"{name} was {before}, is {after}" for name, before, after in limits if _is_narrower(name, before, after)]
    if told:
        yield Change("FIELD_RANGE_NARROWED", where, "; ".join(told))


def _is_narrower(name: str, before: Scalar, after: Scalar) -> bool:
    if before == after or after is None:
        return False
    if before is None:
        return True
    low, high = _ordered(before), _ordered(after)
    if name == "least":
        low, high = high, low
    return high < low if type(low) is type(high) else True  # type: ignore[operator]  # both are of one type


def _ordered(limit: Scalar) -> Decimal | str:
    """Give a limit in a form that can be compared: a number, or text such as an ISO date."""
    try:
        return Decimal(str(limit))
    except InvalidOperation:
        return str(limit)


def _changed_members(where: str, was: FieldSnapshot, now: FieldSnapshot) -> Iterator[Change]:
    by_number = {number: name for name, number in now.members.items()}
    for name, number in was.members.items():
        if by_number.get(number) == name:
            continue
        if number in by_number:
            yield Change("ENUM_VALUE_REUSED", where, f"{number} stood for {name}, stands for {by_number[number]}")
        elif name in now.members:
            yield Change("ENUM_VALUE_CHANGED", where, f"{name} was {number}, is {now.members[name]}")
        else:
            yield Change("ENUM_MEMBER_REMOVED", where, f"{name} ({number}) is gone; cards may still hold it")


def _added(where: str, now: FieldSnapshot, old: FileSnapshot) -> Iterator[Change]:
    """Judge a new field by what old cards hold in its place."""
    if now.tags:
        if not now.optional and not now.path.endswith("]"):
            yield Change("FIELD_REQUIRED", where, "is new and must be there, cards do not hold it: state default=None")
        return
    end = (now.start or 0) + (now.bits or 0)
    if now.start is not None and end > old.record_size * 8:
        yield Change("FIELD_PAST_OLD_END", where, f"is new at {_place(now)}, cards hold {old.record_size} bytes")
    elif not now.zero:
        yield Change(
            "FIELD_ADDED_WITHOUT_ZERO", where, f"is new at {_place(now)}, where cards hold zeros: no value of it"
        )


def _place(field: FieldSnapshot) -> str:
    if field.offset is None:
        return "a place that depends on the fields before it"
    return f"byte {field.offset}" + (f" bit {field.bit}" if field.bit else "")


def _width(field: FieldSnapshot) -> str:
    return f"{field.minimum} bytes or more" if field.bits is None else f"{field.bits} bits"


def _told(shape: dict[str, Scalar], other: dict[str, Scalar]) -> str:
    differing = [name for name in {**shape, **other} if shape.get(name) != other.get(name)]
    return ", ".join(f"{name} {shape.get(name)}" for name in differing)
