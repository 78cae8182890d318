"""What a reviewer and the generated documents need: labels, docstrings, examples that hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yohaku.codec import MISSING
from yohaku.errors import YohakuError
from yohaku.schema.checks.model import Complaint, Severity, Subject, rule
from yohaku.schema.checks.walk import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from yohaku.schema.declarations import File


@rule("MISSING_DOCSTRING", Severity.WARNING)
def docstring(subject: Subject) -> Iterator[Complaint]:
    """An applet or a record does not say what it is."""
    title, _, purpose = (subject.applet.__doc__ or "").strip().partition("\n\n")
    if not title or not purpose.strip():
        yield Complaint(
            "its docstring lacks the service's name in the first line or, after a blank line, who uses it and why"
        )
    for file in subject.applet.files().values():
        if not (file.record.__doc__ or "").strip():
            yield Complaint(f"{file.record.__name__} has no docstring: state what one record is", file)


@rule("MISSING_LABEL", Severity.WARNING)
def label(subject: Subject) -> Iterator[Complaint]:
    """A part has no Japanese label."""
    applet = subject.applet
    for part in applet.parts().values():
        if not part.label:
            yield Complaint("it has no Japanese label: state one as the documents and screens show it", part)
    for node in fields_of(applet):
        if not node.spec.label:
            yield Complaint("it has no Japanese label: state one after its type", node.file, node.path)


@rule("MISSING_EXAMPLE", Severity.WARNING)
def example(subject: Subject) -> Iterator[Complaint]:
    """A field has no example of its own."""
    for node in fields_of(subject.applet):
        if not node.type.hidden and node.spec.example is MISSING:
            yield Complaint("it has no example: documents and tests show one, state example=...", node.file, node.path)


@rule("EXAMPLE_INVALID", Severity.ERROR)
def example_invalid(subject: Subject) -> Iterator[Complaint]:
    """The example of a record does not encode, does not come back, or does not fit its file."""
    for file in subject.applet.files().values():
        fault = _fault_of_example(file)
        if fault:
            yield Complaint(fault, file)


def _fault_of_example(file: File[Any]) -> str:
    room = file.room
    try:
        made = file.record.example()
        raw = made.encode()
        back = file.record.decode(raw)
    except YohakuError as error:
        return f"the example of {file.record.__name__} does not hold: {error}"
    if back != made:
        return f"the example of {file.record.__name__} comes back as {back!r}"
    return f"the example takes {len(raw)} bytes, the file has {room}" if len(raw) > room else ""
