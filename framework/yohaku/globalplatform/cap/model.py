"""A CAP file once it is read: packages, applets, imports, sizes and methods."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from yohaku.globalplatform.cap.known import FRAMEWORK, NAMES, java_card
from yohaku.globalplatform.cap.layouts import EXTENDED, FIRST_CUSTOM, INT, LOAD_ORDER, Tag, is_wide

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from yohaku.codec import Json


@dataclass(frozen=True, slots=True)
class Package:
    """A package by AID and version.

    Attributes:
        aid: 5 to 16 bytes.
        version: major and minor.
        name: of a package in the file, when the file tells; else of a well-known one, or empty.
    """

    aid: bytes
    version: tuple[int, int]
    name: str = ""

    def serves(self, wanted: Package) -> bool:
        """Whether this package on a card satisfies an import: same major version, minor at least (4.5.2)."""
        return self.aid == wanted.aid and self.version[0] == wanted.version[0] and self.version >= wanted.version

    def __str__(self) -> str:
        shown = self.aid.hex(" ").upper()
        return f"{self.name or shown} {self.version[0]}.{self.version[1]}" + (f" ({shown})" if self.name else "")


@dataclass(frozen=True, slots=True)
class CapApplet:
    """An applet class that instances can be made of.

    Attributes:
        aid: module AID.
        install_offset: of its install method in the method component, or in its block of an extended one.
        block: number of that block; 0 in a compact file.
    """

    aid: bytes
    install_offset: int
    block: int = 0


@dataclass(frozen=True, slots=True)
class CapMethod:
    """A method as the descriptor component tells of it.

    Attributes:
        owner: number of its class in the descriptor.
        token: None for a method that nothing outside the package can call.
        offset: in the method component.
        bytecodes: bytes of its code.
    """

    owner: int
    token: int | None
    offset: int
    bytecodes: int


@dataclass(frozen=True, slots=True)
class Statics:
    """Static fields.

    Attributes:
        image: bytes of the static field image.
        arrays: arrays that are made when the package is loaded.
        array_bytes: bytes of their first values.
    """

    image: int
    arrays: int
    array_bytes: int


@dataclass(frozen=True, slots=True)
class CapFile:
    """A CAP file, compact or extended, that passed the checks.

    Attributes:
        format: of the file, major and minor.
        flags: of the header.
        identity: AID and version of the load file: the package's, or an extended file's own.
        packages: in the file.
        applets: that it brings.
        imports: packages that it needs, by package token.
        components: tag to info, without tag and size.
        statics: static fields.
        methods: as the descriptor component tells; empty when it is not there or extended.
        classes: number of classes and interfaces; None when the class component is extended.
    """

    format: tuple[int, int]
    flags: int
    identity: Package
    packages: tuple[Package, ...]
    applets: tuple[CapApplet, ...]
    imports: tuple[Package, ...]
    components: Mapping[int, bytes] = field(repr=False)
    statics: Statics
    methods: tuple[CapMethod, ...] = field(default=(), repr=False)
    classes: int | None = None

    @property
    def is_extended(self) -> bool:
        """Whether the file has the extended format of CAP 2.3."""
        return bool(self.flags & EXTENDED)

    @property
    def needs_int(self) -> bool:
        """Whether the card must offer the optional type int."""
        return bool(self.flags & INT)

    @property
    def java_card(self) -> str:
        """The oldest Java Card version whose framework has what the file imports; empty when it imports none."""
        found = next((each for each in self.imports if each.aid == FRAMEWORK), None)
        return "" if found is None else java_card(found.version[1])

    def load_file_data(self, *, descriptor: bool = False) -> bytes:
        """Give the load file data block: the components in load order, custom ones last, Debug never.

        Args:
            descriptor: whether the descriptor component goes along; few cards have a use for it.
        """
        custom = [tag for tag in self.components if tag not in LOAD_ORDER and tag != Tag.DEBUG]
        order = [tag for tag in (*LOAD_ORDER, *custom) if tag in self.components]
        wanted = [tag for tag in order if descriptor or tag != Tag.DESCRIPTOR]
        return b"".join(component(tag, self.components[tag], extended=self.is_extended) for tag in wanted)

    def data_hash(self, algorithm: str = "sha256") -> bytes:
        """Give the load file data block hash (GPCS 2.3.1, C.2), by the name that hashlib knows."""
        return hashlib.new(algorithm, self.load_file_data()).digest()

    def missing(self, available: Iterable[Package]) -> list[Package]:
        """Give the imports that none of the packages on a card satisfies."""
        there = list(available)
        return [wanted for wanted in self.imports if not any(each.serves(wanted) for each in there)]

    def to_json(self) -> Json:
        """Give what `yohaku cap show --json` prints."""
        return {
            "format": f"{self.format[0]}.{self.format[1]}",
            "extended": self.is_extended,
            "aid": self.identity.aid.hex(),
            "version": list(self.identity.version),
            "packages": [_package_json(each) for each in self.packages],
            "applets": [{"aid": each.aid.hex(), "install_offset": each.install_offset} for each in self.applets],
            "imports": [_package_json(each) for each in self.imports],
            "components": {component_name(tag): len(info) for tag, info in self.components.items()},
            "load_bytes": len(self.load_file_data()),
            "sha256": self.data_hash().hex(),
            "static_bytes": self.statics.image,
            "array_bytes": self.statics.array_bytes,
            "classes": self.classes,
            "methods": len(self.methods),
            "method_bytecodes": sum(each.bytecodes for each in self.methods),
            "needs": {"java_card": self.java_card, "int": self.needs_int, "extended": self.is_extended},
        }


def component(tag: int, info: bytes, *, extended: bool) -> bytes:
    """Write a component: tag, size, info."""
    return bytes((tag,)) + len(info).to_bytes(4 if is_wide(tag, extended=extended) else 2, "big") + info


def component_name(tag: int) -> str:
    """Name a component as its file in the CAP is named: ``ConstantPool``, ``custom 128``."""
    if tag not in set(Tag):
        return f"{'custom' if tag >= FIRST_CUSTOM else 'component'} {tag}"
    name = Tag(tag).name.title().replace("_", "")
    return {"ReferenceLocation": "RefLocation"}.get(name, name)


def named(aid: bytes, version: tuple[int, int], name: str = "") -> Package:
    """Make a package, with its well-known name when it has no other."""
    return Package(aid, version, name or NAMES.get(aid, ""))


def _package_json(package: Package) -> Json:
    return {"aid": package.aid.hex(), "version": list(package.version), "name": package.name}
