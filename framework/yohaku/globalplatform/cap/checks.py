"""What must agree between the components of a CAP file; each rule tells all that breaks it.

Rules look at parsed components, and leave those alone that could not be parsed: their fault is told already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yohaku.errors import Fault
from yohaku.globalplatform.cap.layouts import APPLET, EXPORT, FIRST_CUSTOM, Tag
from yohaku.globalplatform.cap.model import component_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from yohaku.globalplatform.cap.container import Components

    Rule = Callable[["View"], Iterator[Fault]]

_AID_SIZES = range(5, 17)
_RID = 5
_EXTERNAL = 0x80
_CLASS_REFERENCE, _STATIC_FIELD, _STATIC_METHOD = frozenset((1, 2, 3, 4)), 5, 6
_ARRAY_TYPES = frozenset((2, 3, 4, 5))
_REFERENCE_SIZE = 2
_SKIP = 0xFF


class View:
    """Parsed components, and the bytes that they were."""

    def __init__(self, parsed: Mapping[int, Any], found: Components) -> None:
        self.parsed, self.found, self.extended = parsed, found, found.extended

    def has(self, *tags: Tag) -> bool:
        """Whether all these components could be parsed in full, as compact ones can."""
        return all(tag in self.parsed for tag in tags)

    def __getitem__(self, tag: Tag) -> Any:
        return self.parsed[tag]

    def size(self, tag: int) -> int:
        """Bytes of a component's info; 0 when it is not there."""
        return len(self.found.get(tag, b""))


def all_faults(parsed: Mapping[int, Any], found: Components) -> Iterator[Fault]:
    """Apply every rule."""
    view = View(parsed, found)
    for rule in _RULES:
        yield from rule(view)
    if not view.extended:
        for rule in _COMPACT_RULES:
            yield from rule(view)


def _fault(tag: Tag, message: str, *path: str | int, offset: int | None = None) -> Fault:
    return Fault(message, (component_name(tag), *path), offset)


def _flags(view: View) -> Iterator[Fault]:
    for tag, bit in ((Tag.APPLET, APPLET), (Tag.EXPORT, EXPORT)):
        said, there = bool(view[Tag.HEADER].flags & bit), tag in view.found
        if said != there:
            yield _fault(
                Tag.HEADER,
                f"{'announces' if said else 'does not announce'} {component_name(tag)}, "
                f"which is {'there' if there else 'missing'}",
                "flags",
                offset=6,
            )


def _aids(view: View) -> Iterator[Fault]:
    header = view[Tag.HEADER]
    named = [("packages", header.packages), ("cap", [header.cap] if header.cap else [])]
    for name, items in named:
        yield from _aid_sizes(Tag.HEADER, name, items)
    if view.has(Tag.IMPORT):
        yield from _aid_sizes(Tag.IMPORT, "packages", view[Tag.IMPORT].packages)
    if view.has(Tag.APPLET):
        yield from _aid_sizes(Tag.APPLET, "applets", view[Tag.APPLET].applets)


def _aid_sizes(tag: Tag, name: str, items: Any) -> Iterator[Fault]:
    for index, item in enumerate(items):
        if len(item.aid) not in _AID_SIZES:
            yield _fault(tag, f"has {len(item.aid)} bytes, an AID has 5 to 16", name, index, "aid")


def _applets(view: View) -> Iterator[Fault]:
    if not view.has(Tag.APPLET):
        return
    applets = view[Tag.APPLET].applets
    providers = {package.aid[:_RID] for package in view[Tag.HEADER].packages}
    seen: set[bytes] = set()
    for index, applet in enumerate(applets):
        if applet.aid[:_RID] not in providers:
            yield _fault(Tag.APPLET, "is of another provider than the package", "applets", index, "aid")
        if applet.aid in seen:
            yield _fault(Tag.APPLET, "is there twice", "applets", index, "aid")
        seen.add(applet.aid)
    if not applets:
        yield _fault(Tag.APPLET, "names no applet", "applets")


def _imports(view: View) -> Iterator[Fault]:
    if not view.has(Tag.IMPORT):
        return
    own = {package.aid for package in view[Tag.HEADER].packages}
    seen: set[bytes] = set()
    for index, package in enumerate(view[Tag.IMPORT].packages):
        if package.aid in own | seen:
            why = "is in this very file" if package.aid in own else "is there twice"
            yield _fault(Tag.IMPORT, why, "packages", index)
        seen.add(package.aid)


def _directory(view: View) -> Iterator[Fault]:
    if not view.has(Tag.DIRECTORY):
        return
    directory = view[Tag.DIRECTORY]
    for tag in Tag:
        said = directory.sizes[tag.name] or 0
        left_out = tag in {Tag.DEBUG, Tag.DESCRIPTOR} and tag not in view.found
        if said != view.size(tag) and not left_out:
            yield _fault(
                Tag.DIRECTORY, f"is {said}, the component has {view.size(tag)} bytes", "sizes", component_name(tag)
            )
    yield from _custom(directory)
    yield from _counts(view, directory)


def _custom(directory: Any) -> Iterator[Fault]:
    for index, item in enumerate(directory.custom):
        if item.tag < FIRST_CUSTOM:
            yield _fault(Tag.DIRECTORY, f"is {item.tag}, custom components are 128 to 255", "custom", index, "tag")


def _counts(view: View, directory: Any) -> Iterator[Fault]:
    for name, (tag, count) in _COUNTED.items():
        if tag in view.found and not view.has(tag):
            continue
        real = count(view[tag]) if tag in view.found else 0
        if directory[name] != real:
            yield _fault(Tag.DIRECTORY, f"is {directory[name]}, {component_name(tag)} says {real}", name)


_COUNTED: dict[str, tuple[Tag, Callable[[Any], int]]] = {
    "import_count": (Tag.IMPORT, lambda imports: len(imports.packages)),
    "applet_count": (Tag.APPLET, lambda applets: len(applets.applets)),
    "image_size": (Tag.STATIC_FIELD, lambda statics: int(statics.image_size)),
    "array_count": (Tag.STATIC_FIELD, lambda statics: len(statics.arrays)),
    "array_bytes": (Tag.STATIC_FIELD, lambda statics: sum(len(each["values"]) for each in statics.arrays)),
}
"""What the directory counts, and where the counted things are."""


def _static_fields(view: View) -> Iterator[Fault]:
    if not view.has(Tag.STATIC_FIELD):
        return
    statics = view[Tag.STATIC_FIELD]
    total = statics.reference_count * _REFERENCE_SIZE + statics.default_count + len(statics["values"])
    if statics.image_size != total:
        yield _fault(Tag.STATIC_FIELD, f"is {statics.image_size}, its parts make {total}", "image_size", offset=0)
    if len(statics.arrays) > statics.reference_count:
        yield _fault(Tag.STATIC_FIELD, "has more arrays than references", "arrays")
    for index, array in enumerate(statics.arrays):
        if array.type not in _ARRAY_TYPES:
            yield _fault(Tag.STATIC_FIELD, f"is {array.type}, array types are 2 to 5", "arrays", index, "type")


def _constant_pool(view: View) -> Iterator[Fault]:
    if not view.has(Tag.CONSTANT_POOL, Tag.IMPORT):
        return
    imports = len(view[Tag.IMPORT].packages)
    for index, entry in enumerate(view[Tag.CONSTANT_POOL].entries):
        if not 1 <= entry.tag <= _STATIC_METHOD:
            yield _fault(Tag.CONSTANT_POOL, f"has tag {entry.tag}, constants have 1 to 6", "entries", index)
        elif entry.info[0] & _EXTERNAL:
            token = entry.info[0] & 0x7F
            if token >= imports:
                yield _fault(Tag.CONSTANT_POOL, f"is of package {token}, {imports} are imported", "entries", index)


def _internal_references(view: View) -> Iterator[Fault]:
    if not view.has(Tag.CONSTANT_POOL):
        return
    for index, entry in enumerate(view[Tag.CONSTANT_POOL].entries):
        if entry.info[0] & _EXTERNAL:
            continue
        tag, place = _place(entry)
        if tag is not None and place >= view.size(tag):
            message = f"points at byte {place} of {component_name(tag)}, which has {view.size(tag)}"
            yield _fault(Tag.CONSTANT_POOL, message, "entries", index)


def _place(entry: Any) -> tuple[Tag | None, int]:
    """Say what an internal constant points into, and where; static fields point into an image of its own."""
    if entry.tag in _CLASS_REFERENCE:
        return Tag.CLASS, int.from_bytes(entry.info[:2], "big")
    if entry.tag == _STATIC_METHOD:
        return Tag.METHOD, int.from_bytes(entry.info[1:], "big")
    return None, 0


def _install_methods(view: View) -> Iterator[Fault]:
    if not view.has(Tag.APPLET, Tag.METHOD):
        return
    first = 1 + 8 * len(view[Tag.METHOD].handlers)
    for index, applet in enumerate(view[Tag.APPLET].applets):
        if not first <= applet.offset < view.size(Tag.METHOD):
            message = f"is {applet.offset}, methods are at {first} to {view.size(Tag.METHOD) - 1}"
            yield _fault(Tag.APPLET, message, "applets", index, "install_offset")


def _reference_locations(view: View) -> Iterator[Fault]:
    if not view.has(Tag.REFERENCE_LOCATION):
        return
    for name in ("bytes", "shorts"):
        place = sum(_steps(view[Tag.REFERENCE_LOCATION][name]))
        width = 1 if name == "bytes" else 2
        if place and place + width > view.size(Tag.METHOD):
            yield _fault(Tag.REFERENCE_LOCATION, f"reaches byte {place} of Method, which ends before", name)


def _steps(offsets: bytes) -> Iterator[int]:
    """Give the distances; FF goes on by 255 and names no place (6.12)."""
    for step in offsets:
        yield 255 if step == _SKIP else step


def _exports(view: View) -> Iterator[Fault]:
    if not view.has(Tag.EXPORT):
        return
    for index, exported in enumerate(view[Tag.EXPORT].classes):
        if exported.class_offset >= view.size(Tag.CLASS):
            yield _fault(Tag.EXPORT, "points behind Class", "classes", index, "class_offset")
        if any(offset >= view.size(Tag.METHOD) for offset in exported.methods):
            yield _fault(Tag.EXPORT, "points behind Method", "classes", index, "methods")


def _descriptor(view: View) -> Iterator[Fault]:
    if not view.has(Tag.DESCRIPTOR, Tag.CONSTANT_POOL):
        return
    types, entries = len(view[Tag.DESCRIPTOR].constant_types), len(view[Tag.CONSTANT_POOL].entries)
    if types != entries:
        yield _fault(Tag.DESCRIPTOR, f"has {types} entries, ConstantPool has {entries}", "constant_types")
    for index, described in enumerate(view[Tag.DESCRIPTOR].classes):
        for number, method in enumerate(described.methods):
            if method.bytecodes and method.offset + 2 + method.bytecodes > view.size(Tag.METHOD):
                yield _fault(Tag.DESCRIPTOR, "reaches behind Method", "classes", index, "methods", number)


_RULES: tuple[Rule, ...] = (_flags, _aids, _applets, _imports, _directory, _static_fields, _constant_pool)
_COMPACT_RULES: tuple[Rule, ...] = (
    _internal_references,
    _install_methods,
    _reference_locations,
    _exports,
    _descriptor,
)
