"""TLV data objects and templates (ISO/IEC 7816-4:2020 6.2, 6.3): members in any order, unknown ones kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, overload

from yohaku.codec import MISSING, FieldType, Item, Json, Refused, ber, simple
from yohaku.codec.fieldtype import a
from yohaku.codec.headers import header, read_header, write_framed
from yohaku.codec.parts import read_part, write_part
from yohaku.codec.sequence import item_json, members_from_json
from yohaku.errors import Fault, SchemaError
from yohaku.fields.compound import Wrapper, as_type, shifted
from yohaku.fields.template_code import read_members, write_members

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from yohaku.codec.ber import TlvForm
    from yohaku.codec.emit import Reader, Writer

T = TypeVar("T")
V = TypeVar("V")

BER_TLV: TlvForm = ber
"""The encoding of data objects on most cards."""

SIMPLE_TLV: TlvForm = simple
"""The encoding of data objects in the records of JICSAP cards."""


class Tagged(Wrapper[T]):
    """A value in a data object of its own: tag, length in its shortest form, value.

    Args:
        tag: one to three bytes as a number, such as 0x5A or 0x7F49.
        inner: a field type, a record class or a construct; a greedy type ends where the length says.
    """

    form: ClassVar[TlvForm] = BER_TLV

    @overload
    def __init__(self, tag: int, inner: FieldType[T]) -> None: ...
    @overload
    def __init__(self, tag: int, inner: type[T]) -> None: ...
    @overload
    def __init__(self, tag: int, inner: Any) -> None: ...
    def __init__(self, tag: int, inner: Any) -> None:
        if not self.form.is_tag(tag):
            raise SchemaError(f"{tag:#x} is no tag of {self.form.NAME}")
        held: FieldType[T] = as_type(inner)
        self.tag, self.head = tag, len(self.form.tag_bytes(tag))
        super().__init__(held, self._framed(held.minimum), None if held.maximum is None else self._framed(held.maximum))

    def _framed(self, size: int) -> int:
        return self.head + self.form.header_length(size) + size

    @property
    def type_name(self) -> str:
        """``5A Digits(10)``: the tag, then the type of the value."""
        return f"{self.tag:02X} {self.inner.type_name}"

    def read(self, data: bytes, offset: int, end: int) -> tuple[T, int]:
        """Decode the data object; another tag is a fault."""
        tag, length, start = self.form.read_header(data, offset, end)
        if tag != self.tag:
            raise Refused(Fault(f"has tag {tag:02X}, must have {self.tag:02X}", (), 0, self.head))
        stop = start + length
        return self.within(start - offset, lambda: self.contents(data, start, stop)), stop

    def write(self, value: object) -> bytes:
        """Encode the value and put tag and length before it."""
        lead = None if self.inner.size is None else self.head + self.form.header_length(self.inner.size)
        return self.form.write_tlv(self.tag, self.within(lead, lambda: self.inner.write(value)))

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the code of ``read``."""
        if self.inner.size is not None:
            to.constant(header(self.form, self.tag, self.inner.size), f"{hint}_header")
            return read_part(to, self.inner, hint)
        with to.region(read_header(to, self.form, self.tag, self.inner.maximum, hint), self.inner.maximum):
            return read_part(to, self.inner, hint)

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the code of ``write``."""
        if self.inner.size is not None:
            to.constant(header(self.form, self.tag, self.inner.size))
            write_part(to, self.inner, value, value)
            return
        inner = to.nested()
        write_part(inner, self.inner, value, value)
        write_framed(to, self.form, self.tag, inner, self.inner.maximum, value)

    def parts(self) -> Iterator[tuple[str | int, FieldType[object], int | None]]:
        """Yield the parts of the inner type; fixed places only when the header's length is known."""
        lead = self.head + self.form.header_length(self.inner.minimum)
        for step, part, offset in self.inner.parts():
            yield step, part, None if offset is None or self.inner.size is None else offset + lead


class SimpleTagged(Tagged[T]):
    """A value in a SIMPLE-TLV data object, as the records of JICSAP cards have them: tag 01 to FE, at most 65535 bytes.

    Args:
        tag: one byte as a number.
        inner: a field type, a record class or a construct; a greedy type ends where the length says.
    """

    form = SIMPLE_TLV


@dataclass(frozen=True, slots=True)
class Extras:
    """What a template held besides the values of its declared members, so that it is written back unchanged.

    Attributes:
        unknown: data objects with undeclared tags, each whole with its header, in the order found.
        order: the tags as found, when that is not the declared order with unknown ones last; else empty.
    """

    unknown: tuple[bytes, ...] = ()
    order: tuple[int, ...] = ()


NO_EXTRAS = Extras()


class Template(FieldType[V], Generic[V]):
    """Tagged members in any order inside a tag of their own, or bare when ``tag`` is None.

    A member whose default is None may be absent; no other default is possible, since it could not tell an absent
    member from one that is there with that value. ``maximum`` counts declared members only: unknown data objects that
    were read and are written back come on top.

    Args:
        tag: the template's own tag; None for bare members up to the end of what holds them.
        items: the members; the type of each is Tagged.
        make: builds the value from its member values and what else was found.
        kind: the class of the values; members are its attributes.
        extras: gives what else was found when the value was decoded.
        form: the TLV encoding of the template and of its members.
    """

    def __init__(
        self,
        tag: int | None,
        items: Iterable[Item],
        make: Callable[[dict[str, object], Extras], V],
        kind: type[V],
        extras: Callable[[V], Extras],
        form: TlvForm = BER_TLV,
    ) -> None:
        self.form = form
        self.tag, self.items, self.make, self.kind, self.extras = tag, tuple(items), make, kind, extras
        if tag is not None and not form.is_tag(tag):
            raise SchemaError(f"{kind.__name__}: {tag:#x} is no tag of {form.NAME}")
        self.by_tag = {_tagged(kind, item, form).tag: item for item in self.items}
        if len(self.by_tag) != len(self.items):
            raise SchemaError(f"{kind.__name__}: two members have the same tag")
        wrong = [item.name for item in self.items if item.default is not MISSING and item.default is not None]
        if wrong:
            raise SchemaError(f"{kind.__name__}: {', '.join(wrong)}: an optional member has default=None and no other")
        least = sum(item.type.minimum for item in self.items if item.default is MISSING)
        maxima = [item.type.maximum for item in self.items]
        most = None if None in maxima else sum(size for size in maxima if size is not None)
        super().__init__(self._framed(least), None if most is None else self._framed(most))
        self.greedy = tag is None

    def _framed(self, size: int) -> int:
        if self.tag is None:
            return size
        return len(self.form.tag_bytes(self.tag)) + self.form.header_length(size) + size

    @property
    def type_name(self) -> str:
        """The name of the record class."""
        return self.kind.__name__

    def read(self, data: bytes, offset: int, end: int) -> tuple[V, int]:
        """Decode the template; members with a fault do not hide those of the others."""
        start, stop = offset, end
        if self.tag is not None:
            tag, length, start = self.form.read_header(data, offset, end)
            if tag != self.tag:
                raise Refused(
                    Fault(f"has tag {tag:02X}, must have {self.tag:02X}", (), 0, len(self.form.tag_bytes(tag)))
                )
            stop = start + length
        try:
            return self._read_members(data, start, stop), stop
        except Refused as refused:
            raise Refused(*(shifted(fault, start - offset) for fault in refused.faults)) from None

    def _read_members(self, data: bytes, start: int, stop: int) -> V:
        values: dict[str, object] = {}
        faults: list[Fault] = []
        unknown: list[bytes] = []
        order: list[int] = []
        position = start
        while position < stop:
            try:
                tag, length, at = self.form.read_header(data, position, stop)
            except Refused as refused:
                raise Refused(*faults, *(shifted(fault, position - start) for fault in refused.faults)) from None
            order.append(tag)
            item = self.by_tag.get(tag)
            if item is None:
                unknown.append(data[position : at + length])
            elif item.name in values:
                faults.append(Fault(f"is there twice (tag {tag:02X})", (item.name,), position - start))
            else:
                try:
                    values[item.name] = item.type.read(data, position, at + length)[0]
                except Refused as refused:
                    values[item.name] = None
                    faults.extend(fault.under(item.name, position - start) for fault in refused.faults)
            position = at + length
        faults.extend(self._absent(values))
        if faults:
            raise Refused(*faults)
        return self.make(values, self._found(order, unknown))

    def _absent(self, values: dict[str, object]) -> Iterator[Fault]:
        for item in self.items:
            if item.name in values:
                continue
            if item.default is MISSING:
                yield Fault(f"is missing (tag {_tagged(self.kind, item, self.form).tag:02X})", (item.name,))
            values[item.name] = item.default

    def _found(self, order: list[int], unknown: list[bytes]) -> Extras:
        """Give what ``make`` needs besides the values; nothing when the members alone say it all."""
        declared = [tag for tag in self.by_tag if tag in order]
        canonical = declared + [tag for tag in order if tag not in self.by_tag]
        if order == canonical:
            return Extras(tuple(unknown)) if unknown else NO_EXTRAS
        return Extras(tuple(unknown), tuple(order))

    def settled(self, values: Mapping[str, object], extras: Extras) -> Extras:
        """Give ``extras`` as they are read back from a value with these members: without tags that are not there."""
        chunks = {
            tag: self.form.tag_bytes(tag)
            for tag, item in self.by_tag.items()
            if item.default is MISSING or values[item.name] is not None
        }
        order = [self._tag_of(chunk) for chunk in self._ordered(chunks, extras)]
        return self._found(order, [chunk for chunk in extras.unknown if self._tag_of(chunk) in order])

    def _tag_of(self, chunk: bytes) -> int:
        return self.form.read_tag(chunk, 0, len(chunk))[0]

    def _ordered(self, chunks: Mapping[int, bytes], extras: Extras) -> Iterator[bytes]:
        """Give the data objects in the order that ``extras`` states as far as it does, the others as declared."""
        left = dict(chunks)
        unknown = list(extras.unknown)
        for tag in extras.order:
            if tag in left:
                yield left.pop(tag)
                continue
            index = next((i for i, chunk in enumerate(unknown) if self._tag_of(chunk) == tag), None)
            if index is not None:
                yield unknown.pop(index)
        yield from left.values()
        yield from unknown

    def write(self, value: object) -> bytes:
        """Encode the members that are present, in the order found or the declared one."""
        if not isinstance(value, self.kind):
            self.refuse(f"is {a(value)}, must be a {self.type_name}")
        chunks: dict[int, bytes] = {}
        faults: list[Fault] = []
        for tag, item in self.by_tag.items():
            member = getattr(value, item.name)
            if member is None and item.default is None:
                continue
            try:
                chunks[tag] = item.type.write(member)
            except Refused as refused:
                faults.extend(fault.under(item.name, None) for fault in refused.faults)
        if faults:
            raise Refused(*faults)
        body = b"".join(self._ordered(chunks, self.extras(value)))
        return body if self.tag is None else self.form.write_tlv(self.tag, body)

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the code of ``read``."""
        if self.tag is None:
            return read_members(to, self, hint)
        with to.region(read_header(to, self.form, self.tag, None, hint)):
            return read_members(to, self, hint)

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the code of ``write``."""
        inner = to if self.tag is None else to.nested()
        write_members(inner, self, value)
        if self.tag is not None:
            write_framed(to, self.form, self.tag, inner, self.maximum, value)

    def unknown_behind(self, data: bytes, position: int, end: int) -> Extras:
        """Give the data objects that stand behind the declared ones.

        Raises:
            Refused: one of them has a declared tag, or no header.
        """
        unknown: list[bytes] = []
        while position != end:
            tag, length, start = self.form.read_header(data, position, end)
            if tag in self.by_tag:
                raise Refused
            unknown.append(data[position : start + length])
            position = start + length
        return Extras(tuple(unknown))

    def example(self) -> V:
        """Build a value from the examples of the members."""
        values = {item.name: item.type.example() if item.example is MISSING else item.example for item in self.items}
        return self.make(values, NO_EXTRAS)

    def to_json(self, value: object) -> Json:
        """Give an object with one member for each declared one, and ``_unknown`` when there is more."""
        shown: dict[str, Json] = {item.name: item_json(item, getattr(value, item.name)) for item in self.items}
        extras = self.extras(value)  # type: ignore[arg-type]  # write() checks the class
        if extras.unknown:
            shown["_unknown"] = [chunk.hex() for chunk in extras.unknown]
        if extras.order:
            shown["_order"] = [f"{tag:02x}" for tag in extras.order]
        return shown

    def from_json(self, value: Json) -> V:
        """Make a value from an object; every member is also tried against its type."""
        if not isinstance(value, dict):
            self.refuse(f"is {a(value)}, must be an object with the members of {self.type_name}")
        members = {name: member for name, member in value.items() if name not in {"_unknown", "_order"}}
        values, faults = members_from_json(members, self.items, {})
        extras, more = self._extras_from_json(value)
        if faults or more:
            raise Refused(*faults, *more)
        return self.make(values, self.settled(values, extras))

    def _extras_from_json(self, value: dict[str, Json]) -> tuple[Extras, list[Fault]]:
        faults: list[Fault] = []
        unknown, order = _hex_list(value, "_unknown", faults), _hex_list(value, "_order", faults)
        for index, chunk in enumerate(unknown):
            try:
                tag, length, at = self.form.read_header(chunk, 0, len(chunk))
                whole = at + length == len(chunk) and tag not in self.by_tag
            except Refused:
                whole = False
            if not whole:
                faults.append(Fault("is no data object with a tag that is not declared", ("_unknown", index)))
        return Extras(tuple(unknown), tuple(int.from_bytes(tag, "big") for tag in order)), faults

    def parts(self) -> Iterator[tuple[str | int, FieldType[object], int | None]]:
        """Yield the members; in a template none has a fixed place."""
        for item in self.items:
            yield item.name, item.type, None


def _tagged(kind: type, item: Item, form: TlvForm) -> Tagged[Any]:
    if not isinstance(item.type, Tagged) or item.type.form is not form:
        wanted = "Tagged" if form is BER_TLV else "SimpleTagged"
        raise SchemaError(f"{kind.__name__}.{item.name}: a member of a template needs a tag: {wanted}(0x80, ...)")
    return item.type


def _hex_list(value: dict[str, Json], name: str, faults: list[Fault]) -> list[bytes]:
    listed = value.get(name, [])
    try:
        if isinstance(listed, list):
            return [bytes.fromhex(entry) for entry in listed]  # type: ignore[arg-type]  # else a TypeError
    except (TypeError, ValueError):
        pass
    faults.append(Fault("must be a list of hex strings", (name,)))
    return []


__all__ = ["BER_TLV", "NO_EXTRAS", "SIMPLE_TLV", "Extras", "SimpleTagged", "Tagged", "Template"]
