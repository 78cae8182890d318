"""What was written into a new applet is read out of it again, as far as anybody may read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yohaku.card.content import to_content
from yohaku.card.errors import CardError
from yohaku.schema import CyclicFile, Record, RecordFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from yohaku.card import Secrets
    from yohaku.card.session import AppletSession
    from yohaku.schema import File


class ReadBackError(CardError):
    """A file holds something else than was written into it."""


def read_back(session: AppletSession, contents: Mapping[str, Record | Sequence[Record]], secrets: Secrets) -> None:
    """Compare files with their first contents; files that nobody may read are left out.

    PINs and keys that reading needs are presented, and forgotten again by the card at the end.

    Raises:
        ReadBackError: a file holds something else.
        YohakuError: the card refuses a PIN, a key or the reading.
    """
    for name, content in contents.items():
        file = session.applet.file(name)
        if file.read.alternatives:
            session.satisfy(file.read, secrets, last_try=True)
            if _held(session, file) != _given(file, content):
                raise ReadBackError(f"{name} does not hold what was written into it")
    if session.presented:
        session.selection.card.select(session.applet.aid, name=session.applet.name)


def _held(session: AppletSession, file: File[Any]) -> list[bytes]:
    if isinstance(file, RecordFile):
        return session.records(file).records_bytes()
    return [session.transparent(file).read_bytes()]  # type: ignore[arg-type]  # the other kind of file


def _given(file: File[Any], content: Record | Sequence[Record]) -> list[bytes]:
    """Encode contents in the order in which the card tells them: of a cyclic file the newest first."""
    if isinstance(content, Record):
        return [to_content(content, file.room, file.name)]
    raw = [to_content(record, file.room, file.name) for record in content]
    return raw[: -file.records - 1 : -1] if isinstance(file, CyclicFile) else raw
