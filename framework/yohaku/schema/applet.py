"""Applets: one class is the single source of a service's files, purses, PINs, keys and rules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from yohaku.errors import SchemaError, UnknownNameError
from yohaku.fields.aid import Aid
from yohaku.schema.declarations import SFIS, Declaration, File, Key, Pin
from yohaku.schema.purses import Purse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yohaku.schema.access import Rule
    from yohaku.schema.bound import Session

P = TypeVar("P", bound=Declaration)

MOST_PINS = 7
MOST_KEYS = 8
MOST_FILES = 30


class Applet:
    """The base of every applet: a class declares one, an instance is that applet on a card.

    Class arguments:
        aid: application identifier, 5 to 16 bytes as hex.
        version: version of the layout, 1 to 65535.
        name: its name on the command line; by default the class name in kebab case.
        previous: the class of the version before this one; its AID, and cards that hold it can be read and upgraded.
        ignore: reasons why findings of the schema's checks are left out for the whole applet, by rule.

    Raises:
        SchemaError: when the class is made, with every contradiction in its body.
    """

    aid: ClassVar[Aid]
    version: ClassVar[int]
    name: ClassVar[str]
    previous: ClassVar[type[Applet] | None] = None
    ignored: ClassVar[Mapping[str, str]] = {}
    _declarations: ClassVar[Mapping[str, Declaration]] = {}

    def __init__(self, session: Session) -> None:
        self.session = session

    def __init_subclass__(
        cls,
        *,
        aid: str | bytes | None = None,
        version: int = 1,
        name: str = "",
        previous: type[Applet] | None = None,
        ignore: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        super().__init_subclass__(**options)
        own = {key: value for key, value in vars(cls).items() if isinstance(value, Declaration)}
        cls._declarations = {**cls._declarations, **own}
        cls.previous, cls.ignored = previous, dict(ignore or {})
        if aid is None and previous is not None:
            cls.aid = previous.aid
        elif aid is None:
            if not hasattr(cls, "aid"):
                raise SchemaError(
                    f'{cls.__name__}: state its AID: class {cls.__name__}(Applet, aid="F0 ...", version=1)'
                )
        else:
            cls.aid = Aid(aid)
        cls.version, cls.name = version, name or _kebab(cls.__name__)
        if hiding := sorted(own.keys() & {*vars(Applet), *Applet.__annotations__, "session"}):
            raise SchemaError(f"{cls.__name__}: every applet has {', '.join(hiding)} already: give another name")
        faults = [*cls._number_credentials(), *cls._number_files(), *cls._check_rules(), *cls._check_history()]
        if not 1 <= version <= 0xFFFF:
            faults.append(f"version {version}: allowed is 1 to 65535")
        if faults:
            raise SchemaError("\n".join(f"{cls.__name__}: {fault}" for fault in faults))

    @classmethod
    def files(cls) -> dict[str, File[Any]]:
        """The files by name, in declared order."""
        return cls._of_kind(File)

    @classmethod
    def pins(cls) -> dict[str, Pin]:
        """The PINs by name, in declared order."""
        return cls._of_kind(Pin)

    @classmethod
    def keys(cls) -> dict[str, Key]:
        """The keys by name, in declared order."""
        return cls._of_kind(Key)

    @classmethod
    def purses(cls) -> dict[str, Purse]:
        """The purses by name, in declared order."""
        return cls._of_kind(Purse)

    @classmethod
    def parts(cls) -> dict[str, Declaration]:
        """Files, purses, PINs and keys by name, in this order."""
        return {**cls.files(), **cls.purses(), **cls.pins(), **cls.keys()}

    @classmethod
    def access_rules(cls) -> dict[str, Rule]:
        """Every access rule by its place, such as ``loans.append`` or ``holder.reset``."""
        parts: tuple[File[Any] | Purse, ...] = (*cls.files().values(), *cls.purses().values())
        rules = {f"{part.name}.{operation}": rule for part in parts for operation, rule in part.rules.items()}
        return rules | {f"{pin.name}.reset": pin.reset for pin in cls.pins().values()}

    @classmethod
    def file(cls, name: str) -> File[Any]:
        """Give one file by name.

        Raises:
            UnknownNameError: naming the files that exist.
        """
        files = cls.files()
        if name not in files:
            raise UnknownNameError("file", name, files, where=f" in {cls.name}")
        return files[name]

    @classmethod
    def title(cls) -> str:
        """The first line of the docstring: the Japanese name of the service."""
        return (cls.__doc__ or "").strip().split("\n", 1)[0]

    @classmethod
    def _of_kind(cls, kind: type[P]) -> dict[str, P]:
        return {name: value for name, value in cls._declarations.items() if isinstance(value, kind)}

    @classmethod
    def _number_credentials(cls) -> Iterator[str]:
        pins, keys = cls.pins(), cls.keys()
        credentials = (*pins.values(), *keys.values())
        moved = [item.name for number, item in enumerate(credentials) if item.number not in {-1, number}]
        if moved:
            yield f"{', '.join(moved)}: inherited or shared, and numbered otherwise there: declare them here again"
            return
        for number, item in enumerate(credentials):
            item.number = number
        for number, key in enumerate(keys.values(), 1):
            key.reference = number
        if len(pins) > MOST_PINS:
            yield f"{len(pins)} PINs: most is {MOST_PINS}"
        if len(keys) > MOST_KEYS:
            yield f"{len(keys)} keys: most is {MOST_KEYS}"

    @classmethod
    def _number_files(cls) -> Iterator[str]:
        files: dict[str, File[Any] | Purse] = {**cls.files(), **cls.purses()}
        if not 1 <= len(files) <= MOST_FILES:
            yield f"{len(files)} files{' and purses' * bool(cls.purses())}: allowed is 1 to {MOST_FILES}"
            return
        taken: dict[int, str] = {}
        for name, file in files.items():
            if file.sfi and file.sfi in taken:
                yield f"{name} and {taken[file.sfi]} both have SFI {file.sfi}"
            taken[file.sfi] = name
        free = (sfi for sfi in SFIS if sfi not in taken)
        for file in files.values():
            file.sfi = file.sfi or next(free)

    @classmethod
    def _check_history(cls) -> Iterator[str]:
        yield from (f"ignore {rule}: state the reason" for rule, reason in cls.ignored.items() if not reason.strip())
        previous = cls.previous
        if previous is None:
            return
        if previous.aid != cls.aid:
            yield f"its AID is {cls.aid}, that of its previous version is {previous.aid}: a new version keeps the AID"
        if cls.version <= previous.version:
            yield f"version {cls.version} does not follow version {previous.version} of its previous class"
        old_files = list(previous.files().values())
        for file in cls.files().values():
            if file.replaced is not None and file.replaced not in old_files:
                yield f"{file.name} replaces a file that is no part of version {previous.version}"
        old_purses = list(previous.purses().values())
        for purse in cls.purses().values():
            if purse.replaced is not None and purse.replaced not in old_purses:
                yield f"{purse.name} replaces a purse that is no part of version {previous.version}"

    @classmethod
    def _check_rules(cls) -> Iterator[str]:
        own = {id(item) for item in (*cls.pins().values(), *cls.keys().values())}
        for purse in cls.purses().values():
            if id(purse.receipts) not in own:
                yield f"{purse.name}.receipts names a key that is no part of this applet"
        for place, rule in cls.access_rules().items():
            if any(id(item) not in own for item in rule.credentials):
                yield f"{place} names a PIN or key that is no part of this applet"
            if len(rule.alternatives) > 7:
                yield f"{place} has {len(rule.alternatives)} alternatives: most is 7"


def _kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name).lower()
