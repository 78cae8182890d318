"""Small CAP files from their layouts, to try a card with: sound packages whose applets do nothing."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from typing import Any

from yohaku.globalplatform.cap.layouts import (
    APPLET,
    COMPACT,
    EXTENDED,
    EXTENDED_LAYOUTS,
    Tag,
    is_wide,
)
from yohaku.globalplatform.cap.model import Package, component, component_name

JAVA_LANG = Package(bytes.fromhex("A0000000620001"), (1, 0))
FRAMEWORK = Package(bytes.fromhex("A0000000620101"), (1, 0))
_APPLET_CLASS_TOKEN = 3
_INSTALL_HEADER = bytes((0x01, 0x30))
_NOP, _RETURN = 0x00, 0x7A
_FOLDER = "yohaku/javacard/"


@dataclass(frozen=True, slots=True)
class SmallCap:
    """What a small CAP file shall hold.

    Attributes:
        package: AID and version of the one package.
        applets: module AIDs; none makes a library.
        imports: packages that it needs, the framework last.
        minor: of the CAP format 2.x.
        extended: whether to write the extended format, which needs CAP 2.3.
        bulk: bytes of code that do nothing, to make the file as long as a test needs it.
    """

    package: Package
    applets: tuple[bytes, ...] = ()
    imports: tuple[Package, ...] = (JAVA_LANG, FRAMEWORK)
    minor: int = 2
    extended: bool = False
    bulk: int = 0

    def components(self) -> dict[int, bytes]:
        """Give the components' info by tag, in load order."""
        method = self._method()
        infos: dict[int, Any] = {
            Tag.HEADER: self._header(),
            Tag.DIRECTORY: None,
            Tag.IMPORT: {"packages": [_package(each) for each in self.imports]},
            Tag.APPLET: {"applets": [{"aid": aid, "block": 0, "offset": 1} for aid in self.applets]},
            Tag.CLASS: self._classes(),
            Tag.METHOD: method,
            Tag.STATIC_FIELD: {
                "image_size": 0,
                "reference_count": 0,
                "arrays": [],
                "default_count": 0,
                "values": b"",
            },
            Tag.CONSTANT_POOL: {"entries": self._constants()},
            Tag.REFERENCE_LOCATION: {"bytes": b"\0\0" if self.extended else b"", "shorts": b""},
            Tag.DESCRIPTOR: self._descriptor(),
        }
        if not self.applets:
            del infos[Tag.APPLET]
        built = {tag: self._build(tag, info) for tag, info in infos.items() if info is not None}
        return {tag: self._directory(built) if tag == Tag.DIRECTORY else built[tag] for tag in infos}

    def to_bytes(self) -> bytes:
        """Write the CAP archive."""
        return archive(self.components(), extended=self.extended)

    def _build(self, tag: int, info: Any) -> bytes:
        schemas = EXTENDED_LAYOUTS if self.extended else COMPACT
        built: bytes = schemas[tag].build(info, minor=self.minor, extended=self.extended)
        return built

    def _header(self) -> dict[str, Any]:
        return {
            "format_minor": self.minor,
            "format_major": 2,
            "flags": (APPLET if self.applets else 0) | (EXTENDED if self.extended else 0),
            "cap": _package(self.package),
            "packages": [_package(self.package)],
            "names": [b""],
        }

    def _directory(self, built: dict[int, bytes]) -> bytes:
        sizes = {tag.name: len(built.get(tag, b"")) for tag in Tag}
        info = {
            "sizes": sizes,
            "image_size": 0,
            "array_count": 0,
            "array_bytes": 0,
            "import_count": len(self.imports),
            "applet_count": len(self.applets),
            "custom": [],
        }
        sizes[Tag.DIRECTORY.name] = len(self._build(Tag.DIRECTORY, info))
        return self._build(Tag.DIRECTORY, info)

    def _constants(self) -> list[dict[str, Any]]:
        """Refer to the class Applet of the package imported last."""
        return [{"tag": 1, "info": self._superclass() + b"\0"}]

    def _superclass(self) -> bytes:
        return bytes((0x80 | len(self.imports) - 1, _APPLET_CLASS_TOKEN))

    def _classes(self) -> dict[str, Any]:
        tables = ("instance_size", "reference_count", "public_base", "public_count", "package_base", "package_count")
        info: dict[str, Any] = {
            "superclass": int.from_bytes(self._superclass(), "big"),
            "first_reference": 0xFF,
            **dict.fromkeys(tables, 0),
            "public_methods": [],
            "package_methods": [],
            "interfaces": [],
            "remote": None,
            "token_mapping": b"",
            "inheritable_tokens": 0,
        }
        return {"signatures": b"", "items": [{"bits": 0, "info": info}], "bytes": b"\0"}

    def _method(self) -> dict[str, Any]:
        code = _INSTALL_HEADER + bytes((_NOP,)) * self.bulk + bytes((_RETURN,))
        block = b"\0" + code
        return {"handlers": [], "code": code, "bytes": b"\x01" + (5).to_bytes(4, "big") + block}

    def _descriptor(self) -> dict[str, Any]:
        method = {"token": 0, "flags": 9, "offset": 1, "type": 6, "handler_count": 0, "handler_index": 0}
        described = {
            "token": 0xFF,
            "flags": 1,
            "reference": 0,
            "interface_count": 0,
            "field_count": 0,
            "method_count": 1,
            "interfaces": [],
            "fields": [],
            "methods": [{**method, "bytecodes": self.bulk + 1}],
        }
        return {"classes": [described], "constant_types": [0xFFFF], "types": b"", "bytes": b"\0\0"}


def archive(components: dict[int, bytes], *, extended: bool = False) -> bytes:
    """Write components, sound or not, as a CAP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for tag, info in components.items():
            suffix = "capx" if is_wide(tag, extended=extended) else "cap"
            name = f"{_FOLDER}{component_name(tag)}.{suffix}"
            packed.writestr(zipfile.ZipInfo(name), component(tag, info, extended=extended))
    return out.getvalue()


def _package(package: Package) -> dict[str, Any]:
    return {"minor": package.version[1], "major": package.version[0], "aid": package.aid}
