"""Files of an earlier version on a card, read as values of this version; writing waits for the upgrade."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

from yohaku.card.content import from_content
from yohaku.card.errors import AppletMismatchError
from yohaku.card.files import CardTransparentFile
from yohaku.card.records import CardRecordFile
from yohaku.schema.evolution import read_as

if TYPE_CHECKING:
    from yohaku.card.session import AppletSession
    from yohaku.schema import Applet, Record, RecordFile, TransparentFile

R = TypeVar("R", bound="Record")


class EarlierTransparentFile(CardTransparentFile[R]):
    """A transparent file as an earlier version wrote it.

    Args:
        session: the applet, bound to the earlier declaration.
        applet: the declaration of this version.
        declaration: the file of this version.
        source: the file of the earlier version.
    """

    def __init__(
        self,
        session: AppletSession,
        applet: type[Applet],
        declaration: TransparentFile[R],
        source: TransparentFile[Any],
    ) -> None:
        super().__init__(session, source)
        self._applet, self._declaration = applet, declaration

    def read(self) -> R:
        """Read the record and make it one of this version; of zero bytes only, what an upgrade would leave there.

        Raises:
            EmptyFileError: the file was never written.
            AccessDeniedError: the file's read rule of the earlier version does not hold.
            DecodeError: the bytes are no record of the earlier version; with every fault.
            EvolutionError: the declared function cannot make it new.
        """
        raw, name = self.read_bytes(), self._declaration.name
        if not any(raw):
            return from_content(self._declaration.record, bytes(self._declaration.room), name)
        return cast("R", read_as(self._applet, self._session.applet.version, name, raw))

    def write(self, record: R) -> None:
        """Refuse: the card holds an earlier version.

        Raises:
            AppletMismatchError: always; it says what to do.
        """
        del record
        refuse_writing(self._session.applet, self._applet)

    def update(self, **changes: Any) -> R:
        """Refuse: the card holds an earlier version.

        Raises:
            AppletMismatchError: always; it says what to do.
        """
        del changes
        refuse_writing(self._session.applet, self._applet)


class EarlierRecordFile(CardRecordFile[R]):
    """A record file as an earlier version wrote it.

    Args:
        session: the applet, bound to the earlier declaration.
        applet: the declaration of this version.
        declaration: the file of this version.
        source: the file of the earlier version.
    """

    def __init__(
        self, session: AppletSession, applet: type[Applet], declaration: RecordFile[R], source: RecordFile[Any]
    ) -> None:
        super().__init__(session, source)
        self._applet, self._declaration = applet, declaration

    def _decode(self, raw: bytes, number: int) -> R:
        """Make a record of the earlier version one of this version; raises as reading a transparent file does."""
        del number
        return cast("R", read_as(self._applet, self._session.applet.version, self._declaration.name, raw))

    def write(self, number: int, record: R) -> None:
        """Refuse: the card holds an earlier version.

        Raises:
            AppletMismatchError: always; it says what to do.
        """
        del number, record
        refuse_writing(self._session.applet, self._applet)

    def update(self, number: int, /, **changes: Any) -> R:
        """Refuse: the card holds an earlier version.

        Raises:
            AppletMismatchError: always; it says what to do.
        """
        del number, changes
        refuse_writing(self._session.applet, self._applet)

    def append(self, record: R) -> None:
        """Refuse: the card holds an earlier version.

        Raises:
            AppletMismatchError: always; it says what to do.
        """
        del record
        refuse_writing(self._session.applet, self._applet)


def refuse_writing(held: type[Applet], applet: type[Applet]) -> NoReturn:
    """Say that a card must be upgraded before it is written."""
    raise AppletMismatchError(
        f"{applet.name}: the card holds version {held.version}, which version {applet.version} reads and does not "
        "write; upgrade the card first"
    )


def refuse_missing(held: type[Applet], applet: type[Applet], name: str) -> NoReturn:
    """Say that something was added after the version that the card holds."""
    raise AppletMismatchError(
        f"{applet.name}: {name} is not in version {held.version}, which the card holds; upgrade the card first"
    )
