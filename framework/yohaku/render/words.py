"""How documents word the facts of a layout: names, places, sizes and types, the same in every form."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.schema.applet import Applet
    from yohaku.schema.layout import AppletLayout, CredentialLayout, FileLayout, PurseLayout
    from yohaku.schema.places import Place

KINDS = {"transparent": "透過ファイル", "linear": "順編成レコードファイル", "cyclic": "循環レコードファイル"}
"""Japanese names of the kinds of file."""


def names(label: str, english: str) -> str:
    """Give the Japanese and the English name side by side."""
    return " / ".join(dict.fromkeys(name for name in (label, english) if name))


def offset_words(place: Place) -> str:
    """Give the byte where a place starts, with the bit (7 the most significant) when it shares a byte."""
    if place.offset is None:
        return "·"
    return f"{place.offset}.{7 - place.bit}" if is_partial(place) else str(place.offset)


def size_words(place: Place) -> str:
    """Give the size in bytes, fewest and most for one that varies, or in bits for a field that shares a byte."""
    if place.bits is None:
        return f"{place.minimum}..{'' if place.maximum is None else place.maximum}"
    return f"{place.bits} bit" if is_partial(place) else str(place.bits // 8)


def is_partial(place: Place) -> bool:
    """Tell whether a field shares a byte with others."""
    return place.bits is not None and bool(place.bit % 8 or place.bits % 8)


def type_words(place: Place) -> str:
    """Name the type of a field; of a group the tag or length before it and the number of its items."""
    if not place.children:
        return place.type
    parts = [place.frame] if place.frame else []
    if place.items:
        least, most = place.items
        parts.append(f"{least} items" if least == most else f"{least} to {'any' if most is None else most} items")
    return ", ".join(parts) or place.note or "record"


def short_name(place: Place) -> str:
    """Give the last step of a path, with a question mark when the field may be absent."""
    name = place.path.rsplit(".", 1)[-1] or place.english
    return f"{name}?" if place.optional else name


def listed(file: FileLayout) -> Iterator[tuple[str, Place]]:
    """Yield what a legend lists, each with the stem before its name.

    The fields with fixed places stand without a stem; a record whose fields move is listed as a tree with its groups.
    """
    if file.exact:
        yield from (("", place) for place in file.fields)
        return
    yield "", file.record
    yield from _branches(file.record, "")


def _branches(place: Place, stem: str) -> Iterator[tuple[str, Place]]:
    for child in place.children:
        last = child is place.children[-1]
        yield f"{stem}{'└─ ' if last else '├─ '}", child
        yield from _branches(child, f"{stem}{'   ' if last else '│  '}")


def listed_name(file: FileLayout, place: Place) -> str:
    """Give the name that a legend shows: the whole path, or the last step in a tree."""
    return place.path if file.exact else short_name(place)


def file_words(file: FileLayout) -> str:
    """Say what kind of file it is and how large."""
    size = f"{file.size} bytes"
    if file.kind != "transparent":
        size = f"{file.records} records of {file.record_size} bytes = {size}; one record is drawn"
    elif file.atomic:
        size = f"2 copies of {file.record_size} bytes, each after sequence number and checksum = {size}; one is drawn"
    return f"{file.kind} file, SFI {file.sfi}, {size}"


def access_words(part: FileLayout | PurseLayout) -> str:
    """Say who may do what."""
    return " · ".join(f"{operation}: {rule}" for operation, rule in part.access.items())


def purse_words(purse: PurseLayout) -> str:
    """Say what a purse holds, what it books at most, and who vouches for it."""
    limits = f"balance to {purse.maximum:,}, credits to {purse.most_credit:,}, debits to {purse.most_debit:,}"
    kept = f"{purse.entries} receipt{'s' * (purse.entries > 1)} under {purse.receipts}"
    return f"purse, SFI {purse.sfi}, {limits}, {kept} = {purse.size} bytes; one log entry is drawn"


def credential_words(one: CredentialLayout) -> str:
    """Describe a PIN or key, never its value."""
    tries = f"{one.tries} tries" if one.tries else "never blocked"
    reset = f", reset: {one.reset}" if one.reset else ""
    return f"{names(one.label, one.english)}: {one.form}, {tries}{reset}"


def total_words(layout: AppletLayout) -> str:
    """Say what the applet takes on a card."""
    where = "files and purses" if layout.purses else "files"
    return (
        f"{layout.card_bytes} bytes on the card: {layout.bytes} in {where}, {layout.overhead.total} for the container"
    )


def overhead_words(layout: AppletLayout) -> str:
    """Break down what the container adds."""
    over = layout.overhead
    return (
        f"descriptor {over.descriptor}, PINs {over.pins}, keys {over.keys}, bookkeeping {over.bookkeeping}; an estimate"
    )


def place_words(place: Place) -> str:
    """Say in one line what a field is and where it lies."""
    where = "" if place.offset is None else f" at byte {offset_words(place)}"
    size = size_words(place) if is_partial(place) else f"{size_words(place)} bytes"
    return f"{place.path} ({names(place.label, place.english)}){where}, {size}, {place.type}"


def span_words(start: int, stop: int) -> str:
    """Name bytes from ``start`` up to the one before ``stop``."""
    return f"byte {start}" if stop - start == 1 else f"bytes {start} to {stop - 1}"


def purpose(applet: type[Applet]) -> list[str]:
    """Give the paragraphs of an applet's docstring behind its title, each in one line."""
    _, _, rest = (applet.__doc__ or "").strip().partition("\n")
    return [" ".join(part.split()) for part in rest.split("\n\n") if part.strip()]


def fact_attributes(place: Place) -> dict[str, object]:
    """Give the facts of a place as data attributes, so that SVG and HTML can be read back."""
    facts = ("path", "offset", "bit", "bits", "size", "minimum", "maximum", "type", "label", "english")
    return {f"data_{fact}": getattr(place, fact) for fact in facts}
