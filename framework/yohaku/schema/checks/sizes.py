"""Sizes: the short-offset limit, the descriptor, and the bytes that a card grants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yohaku.errors import SchemaError
from yohaku.schema.checks.model import Complaint, Severity, Subject, rule
from yohaku.schema.declarations import TransparentFile
from yohaku.schema.descriptor import LONGEST, compile_descriptor
from yohaku.schema.profiles import card_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

REACH: Final = 256
"""Bytes of a file that commands reach by its SFI: offsets 0 to 255 (ISO/IEC 7816-4:2020 11.3.1)."""


@rule("FILE_PAST_SHORT_OFFSETS", Severity.ADVICE)
def past_short_offsets(subject: Subject) -> Iterator[Complaint]:
    """A part of a file cannot be addressed by its SFI."""
    for file in subject.applet.files().values():
        if isinstance(file, TransparentFile) and file.size > REACH:
            yield Complaint(
                f"{file.size} bytes: what lies beyond byte 255 takes one more command (SELECT) to reach; put what is "
                "read often first, or split the file",
                file,
            )


@rule("DESCRIPTOR_TOO_LONG", Severity.ERROR)
def descriptor(subject: Subject) -> Iterator[Complaint]:
    """The descriptor does not fit one INSTALL command."""
    try:
        compile_descriptor(subject.applet)
    except SchemaError as error:
        yield Complaint(str(error).removeprefix(f"{subject.applet.__name__}: "))


@rule("DESCRIPTOR_NEARLY_FULL", Severity.ADVICE)
def nearly_full(subject: Subject) -> Iterator[Complaint]:
    """The descriptor has hardly any room for another file or rule."""
    try:
        length = len(compile_descriptor(subject.applet))
    except SchemaError:
        return
    if length > LONGEST * 9 // 10:
        yield Complaint(f"its descriptor takes {length} of {LONGEST} bytes: a later version can add hardly anything")


@rule("DOES_NOT_FIT", Severity.ERROR)
def does_not_fit(subject: Subject) -> Iterator[Complaint]:
    """The applet takes more bytes than the card grants."""
    try:
        needed = card_bytes(subject.applet)
    except SchemaError:
        return
    if subject.free_bytes is not None and needed > subject.free_bytes:
        yield Complaint(
            f"it takes {needed} bytes, the card grants {subject.free_bytes}: shorten records, or keep fewer of them"
        )
