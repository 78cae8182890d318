"""A load file on its way into the card: blocks in strict order, written to free pages as they come.

The pages belong to nobody until the last block is checked: a power cut leaves them free, and the next power-on
wipes them.
"""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING, Final

from yohaku.globalplatform.cap import CapError, CapFile, read_load_file
from yohaku.globalplatform.loadfile import LOAD_FILE_DATA, SIGNATURES, Signature
from yohaku.globalplatform.wire import WireError
from yohaku.iso7816 import Status
from yohaku.iso7816.tlv import Tlv, TlvError
from yohaku_emulator.errors import StatusError

if TYPE_CHECKING:
    from yohaku.globalplatform.loadfile import LoadRequest
    from yohaku_emulator.system import System

LENGTH: Final = 4
"""Bytes before a load file data block in its pages: its length."""
_MOST_HEAD: Final = 1024
_HASHES: Final = {20: "sha1", 32: "sha256", 48: "sha384", 64: "sha512"}
_log = logging.getLogger(__name__)


class Loading:
    """What is volatile of a load.

    Attributes:
        request: INSTALL [for load].
        domain: number of the security domain that will own the load file.
        pages: free pages that take the data.
        signatures: DAP blocks that came before it.
    """

    __slots__ = ("_block", "_head", "_received", "_size", "_system", "domain", "pages", "request", "signatures")

    def __init__(self, system: System, request: LoadRequest, domain: int) -> None:
        self._system, self.request, self.domain = system, request, domain
        self.pages: tuple[int, ...] = ()
        self.signatures: list[Signature] = []
        self._head, self._block, self._received, self._size = b"", 0, 0, -1

    def fork(self, system: System) -> Loading:
        """Return the same state over a forked system."""
        twin = Loading(system, self.request, self.domain)
        twin.pages, twin.signatures = self.pages, self.signatures.copy()
        twin._head, twin._block = self._head, self._block
        twin._received, twin._size = self._received, self._size
        return twin

    def discard(self) -> None:
        """Give the pages back, blank."""
        registry, store = self._system.registry, self._system.store
        registry.release(self.pages)
        for number in self.pages:
            store.wipe(number)
        self.pages = ()

    def take(self, number: int, data: bytes, *, last: bool) -> None:
        """Take a block.

        Raises:
            StatusError: 6985, it is not the next one; 6A80, it is no load file, or ends too early; 6A84, no room.
        """
        if number != self._block:
            raise StatusError(Status.CONDITIONS)
        self._block += 1
        if self._size < 0:
            data = self._take_head(data)
        self._write(data)
        if last and self._received != self._size:
            raise StatusError(Status.WRONG_DATA)

    def _take_head(self, data: bytes) -> bytes:
        """Read what comes before the data, which may be spread over blocks; return the first of the data."""
        self._head += data
        while self._head and self._size < 0:
            tag = self._head[0]
            if tag == LOAD_FILE_DATA:
                return self._start_data()
            if tag != SIGNATURES or len(self._head) > _MOST_HEAD:
                raise StatusError(Status.WRONG_DATA)
            try:
                item, self._head = Tlv.decode_from(self._head)
                self.signatures.append(Signature.from_bytes(item.to_bytes()))
            except TlvError:
                return b""
            except WireError:
                raise StatusError(Status.WRONG_DATA) from None
        return b""

    def _start_data(self) -> bytes:
        head = self._head
        width = head[1] & 0x7F if len(head) > 1 and head[1] & 0x80 else 0
        if len(head) < 2 + width:
            return b""
        size = int.from_bytes(head[2 : 2 + width], "big") if width else head[1]
        self._size, self._head = size, b""
        self.pages = self._system.registry.reserve(LENGTH + size)
        self._system.store.write(self.pages, 0, size.to_bytes(LENGTH, "big"))
        return head[2 + width :]

    def _write(self, data: bytes) -> None:
        if self._size >= 0 and self._received + len(data) > self._size:
            raise StatusError(Status.WRONG_DATA)
        if data:
            self._system.store.write(self.pages, LENGTH + self._received, data)
            self._received += len(data)

    def finish(self) -> CapFile:
        """Check the whole as a card does before it accepts code.

        Raises:
            StatusError: 6A80, it is not sound or not what was announced; 6438, an import is not on the card.
        """
        data = self._system.store.read(self.pages, LENGTH, self._size)
        self._check_hash(data)
        try:
            cap = read_load_file(data)
        except CapError as error:
            _log.info("load refused: %s", error)
            raise StatusError(Status.WRONG_DATA) from None
        if cap.identity.aid != self.request.load_file:
            _log.info("load refused: the file is %s, another was announced", cap.identity)
            raise StatusError(Status.WRONG_DATA)
        self._check_imports(cap)
        return cap

    def _check_hash(self, data: bytes) -> None:
        said = self.request.hash
        if not said:
            return
        algorithm = _HASHES.get(len(said))
        if algorithm is None or hashlib.new(algorithm, data).digest() != said:
            _log.info("load refused: the data has another hash than was announced")
            raise StatusError(Status.WRONG_DATA)

    def _check_imports(self, cap: CapFile) -> None:
        missing = cap.missing(self._system.packages())
        if missing:
            _log.info("load refused: not on this card: %s", ", ".join(map(str, missing)))
            raise StatusError(Status.IMPORT_MISSING)
