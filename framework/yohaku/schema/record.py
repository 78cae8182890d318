"""Records: frozen typed values whose layout is declared field by field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, TypeVar, dataclass_transform, overload

from yohaku.codec import MISSING, Codec, FieldType, Item, Json, Sequence, codec_for
from yohaku.codec.objects import constructor
from yohaku.errors import EncodeError, Fault, SchemaError, nearest
from yohaku.fields.compound import as_type
from yohaku.fields.raw import Constant, Reserved, ReservedBits
from yohaku.fields.tlv import BER_TLV, NO_EXTRAS, SIMPLE_TLV, Extras, Template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from yohaku.codec.batch import Columns

T = TypeVar("T")
D = TypeVar("D")

_DIRECT = frozenset({"encode", "decode", "__new__"})
"""Methods of a record class that generated functions replace when they are first called."""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """What ``field()`` states about one field of a record.

    Attributes:
        type: how the field is encoded.
        label: its Japanese name, as a form or a screen shows it.
        english: its English name; the field's own name when empty.
        default: the value when none is given; MISSING when one must be given.
        example: a value for documents and tests; MISSING takes the type's own.
        note: one more sentence for the document.
        personal: whether it is personal data (個人情報) by itself or with the other fields.
    """

    type: FieldType[Any]
    label: str = ""
    english: str = ""
    default: object = MISSING
    example: object = MISSING
    note: str = ""
    personal: bool = False


@overload
def field(
    type_: FieldType[T],
    label: str = ...,
    /,
    *,
    english: str = ...,
    example: object = ...,
    note: str = ...,
    personal: bool = ...,
) -> T: ...
@overload
def field(
    type_: FieldType[T],
    label: str = ...,
    /,
    *,
    default: D,
    english: str = ...,
    example: object = ...,
    note: str = ...,
    personal: bool = ...,
) -> T | D: ...
@overload
def field(
    type_: type[T],
    label: str = ...,
    /,
    *,
    english: str = ...,
    example: object = ...,
    note: str = ...,
    personal: bool = ...,
) -> T: ...
@overload
def field(
    type_: object,
    label: str = ...,
    /,
    *,
    default: object = ...,
    english: str = ...,
    example: object = ...,
    note: str = ...,
    personal: bool = ...,
) -> Any: ...
def field(
    type_: object,
    label: str = "",
    /,
    *,
    default: object = MISSING,
    english: str = "",
    example: object = MISSING,
    note: str = "",
    personal: bool = False,
) -> Any:
    """Declare a field of a record.

    Args:
        type_: a field type that carries a value, a record class, or any construct object whose parsed type matches the
            annotation.
        label: the Japanese name.
        default: the value when none is given; in a TlvRecord None makes the member optional.
        english: the English name; by default the field's own name.
        example: a value for documents and tests.
        note: one more sentence for the document.
        personal: whether the field is personal data (個人情報).

    Raises:
        SchemaError: ``type_`` is none of these.
    """
    return FieldSpec(as_type(type_), label, english, default, example, note, personal)


def reserved(count: int, label: str = "予備") -> Any:
    """Declare ``count`` bytes for later versions, zero for now; assign it without an annotation."""
    return FieldSpec(Reserved(count), label, "reserved")


def reserved_bits(bits: int, label: str = "予備") -> Any:
    """Declare ``bits`` bits for later versions, zero for now; assign it without an annotation."""
    return FieldSpec(ReservedBits(bits), label, "reserved")


def hidden(type_: FieldType[Any], label: str = "", /, *, english: str = "", note: str = "") -> Any:
    """Declare a part that the record writes and verifies by itself; assign it without an annotation.

    Args:
        type_: a hidden type: Count, Length, Presence, Checksum, computed(...), Constant, Reserved.
        label: the Japanese name.
        english: the English name; by default the field's own name.
        note: one more sentence for the document.

    Raises:
        SchemaError: the type carries a value of its own.
    """
    if not type_.hidden:
        raise SchemaError(f"hidden({type_.type_name}): it carries a value; declare it with field() and an annotation")
    return FieldSpec(type_, label, english, note=note)


def constant(content: bytes, label: str = "識別子") -> Any:
    """Declare bytes that are the same in every record; assign it without an annotation."""
    return FieldSpec(Constant(content), label, "constant")


@dataclass_transform(kw_only_default=True, frozen_default=True, eq_default=True, field_specifiers=(field,))
class RecordMeta(type):
    """Makes a slotted, frozen class with a keyword-only constructor from the ``field()`` lines of a class body."""

    __fields__: Mapping[str, FieldSpec]
    __values__: tuple[str, ...]
    __storage__: type[Any]
    __overridden__: frozenset[str]

    if TYPE_CHECKING:

        def __configure__(cls, **options: Any) -> None:
            """Make the field type and the codec of a new record class."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> Any:
        """Take the field specifications out of the class body and put slots in their place."""
        own = {key: spec for key, spec in namespace.items() if isinstance(spec, FieldSpec)}
        _check_body(name, own, namespace)
        inherited: dict[str, FieldSpec] = {}
        for base in bases:
            inherited.update(getattr(base, "__fields__", {}))
        body = {key: value for key, value in namespace.items() if key not in own}
        slots = [key for key, spec in own.items() if not spec.type.hidden and key not in inherited]
        slots += namespace.get("__more_slots__", ())
        body["__slots__"] = ()
        body["__fields__"] = inherited | own
        body["__values__"] = tuple(key for key, spec in body["__fields__"].items() if not spec.type.hidden)
        parents = [base.__dict__["__storage__"] for base in bases if "__storage__" in base.__dict__]
        storage = type(f"{name}Storage", (parents[0] if parents else object,), {"__slots__": tuple(sorted(slots))})
        body["__storage__"] = storage
        overridden = _DIRECT & namespace.keys() if bases else frozenset()
        body["__overridden__"] = overridden.union(*(getattr(base, "__overridden__", ()) for base in bases))
        for method in _DIRECT - body["__overridden__"] if bases else ():
            body[method] = Record.__dict__[method]
        made = super().__new__(mcs, name, (*bases, storage), body)
        made.__configure__(**options)
        return made

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **_options: Any) -> None:
        """Do nothing more; options were for ``__new__``."""
        super().__init__(name, bases, namespace)

    def __generated__(cls, name: str, function: Callable[..., Any]) -> None:
        """Let a generated function of the codec stand for the method that calls it, unless that is overridden."""
        if name in _DIRECT - cls.__overridden__:
            setattr(cls, name, function if name == "encode" else staticmethod(function))

    def __assemble__(cls, values: Mapping[str, Any], extras: Extras = NO_EXTRAS) -> Any:
        """Fill the slots of a new record without checking anything; every field has a value in ``values``."""
        made = object.__new__(cls.__storage__)
        for name in cls.__values__:
            setattr(made, name, values[name])
        if hasattr(cls, "_extras"):
            made._extras = extras
        made.__class__ = cls
        return made


def _check_body(name: str, own: Mapping[str, FieldSpec], namespace: Mapping[str, Any]) -> None:
    annotated = namespace.get("__annotations__", {})
    faults = [
        f"{name}.{key}: {'a hidden part takes no annotation' if spec.type.hidden else 'needs a type annotation'}"
        for key, spec in own.items()
        if (key in annotated) is spec.type.hidden
    ]
    faults += [
        f"{name}.{key}: an annotation without field()"
        for key in annotated
        if key not in own and not str(annotated[key]).startswith(("ClassVar", "typing.ClassVar"))
    ]
    if faults:
        raise SchemaError("\n".join(faults))


class Record(metaclass=RecordMeta):
    """A frozen value with a byte layout: the fields in declared order, without gaps.

    Building one checks names only; ``encode`` checks every value and reports all faults at once.
    """

    __field_type__: ClassVar[FieldType[Any]]
    __codec__: ClassVar[Codec[Any]]
    __values__: ClassVar[tuple[str, ...]]
    __slots__ = ()

    if not TYPE_CHECKING:

        def __new__(cls, /, **values: Any) -> Self:
            """Build from field values by name, defaults filled in; every unknown and missing name is a fault."""
            defaults = {name: cls.__fields__[name].default for name in cls.__values__}
            extras = NO_EXTRAS if hasattr(cls, "_extras") else None
            cls.__generated__("__new__", constructor(cls, defaults, MISSING, _refuse_names, extras))
            complete = {name: default for name, default in defaults.items() if default is not MISSING} | values
            if complete.keys() != defaults.keys():
                _refuse_names(cls, defaults | values)
            return cls.__assemble__(complete)

    @classmethod
    def __configure__(cls) -> None:
        """Make the field type and the codec of a new record class."""
        cls.__field_type__ = Sequence(cls.__items__(), cls.__assemble__, cls)
        cls.__codec__ = codec_for(cls.__field_type__, cls.__generated__)

    @classmethod
    def __items__(cls) -> list[Item]:
        return [Item(name, spec.type, spec.default, spec.example) for name, spec in cls.__fields__.items()]

    def encode(self) -> bytes:
        """Encode the record.

        Raises:
            EncodeError: with every value that does not fit.
        """
        return self.__codec__.encode(self)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode all of ``data``.

        Raises:
            DecodeError: with every fault; leftover bytes, reserved bytes not zero and unknown codes are faults.
        """
        made: Self = cls.__codec__.decode(data)
        return made

    @classmethod
    def decode_from(cls, data: bytes) -> tuple[Self, bytes]:
        """Decode the start of ``data`` and return the bytes behind it too.

        Raises:
            DecodeError: with every fault.
        """
        return cls.__codec__.decode_from(data)

    @classmethod
    def columns(cls, data: bytes) -> Columns:
        """Decode a file of records of this class, one straight after the other, into a numpy array for each field.

        Needs numpy (the extra ``batch``) and a record whose fields always take the same bytes.

        Raises:
            DecodeError: with the faults of the first rows that have any.
            SchemaError: the record has no columns.
        """
        from yohaku.codec.batch import batch_of

        return batch_of(cls.__field_type__).decode(data)

    @classmethod
    def encode_columns(cls, columns: Mapping[str, Any]) -> bytes:
        """Encode arrays as ``columns`` gives them, one for each field, into a file of records.

        Raises:
            EncodeError: a column is missing, or has values that do not fit.
            SchemaError: the record has no columns.
        """
        from yohaku.codec.batch import batch_of

        return batch_of(cls.__field_type__).encode(columns)

    def to_json(self) -> Json:
        """Give the record as JSON: dates in ISO 8601, bytes in lower-case hex, enum members by name.

        Raises:
            EncodeError: a value does not fit.
        """
        return self.__codec__.to_json(self)

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Make a record from what ``to_json`` gave.

        Raises:
            JsonError: with every fault: names, types, limits.
        """
        made: Self = cls.__codec__.from_json(value)
        return made

    @classmethod
    def example(cls) -> Self:
        """Give the record that documents and tests show: the examples of the fields."""
        made: Self = cls.__field_type__.example()
        return made

    @classmethod
    def _assembled(cls, values: Mapping[str, Any], extras: Extras = NO_EXTRAS) -> Self:
        made: Self = cls.__assemble__(values, extras)
        return made

    @property
    def extras(self) -> Extras:
        """What a template held besides its declared members; nothing for other records."""
        extras: Extras = getattr(self, "_extras", NO_EXTRAS)
        return extras

    def replace(self, **changes: Any) -> Self:
        """Give the same record with some fields changed.

        Raises:
            EncodeError: a name is no field.
        """
        faults = [Fault(_unknown(name, type(self)), (name,)) for name in changes if name not in self.__values__]
        if faults:
            raise EncodeError(f"cannot change {type(self).__name__}", faults)
        values = {**dict(self._members()), **changes}
        return self._assembled(values, self._extras_with(values))

    def _extras_with(self, values: Mapping[str, Any]) -> Extras:  # noqa: ARG002 - templates need the values
        return NO_EXTRAS

    def _members(self) -> Iterator[tuple[str, Any]]:
        return ((name, getattr(self, name)) for name in self.__values__)

    def __setattr__(self, name: str, value: object) -> None:
        raise SchemaError(f"a {type(self).__name__} is frozen: use replace({name}=...)")

    def __delattr__(self, name: str) -> None:
        raise SchemaError(f"a {type(self).__name__} is frozen: {name} cannot be removed")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        same = all(value == getattr(other, name) for name, value in self._members())
        return same and self.extras == other.extras

    def __hash__(self) -> int:
        return hash((type(self), self.extras, *(value for _, value in self._members())))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._members())})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), dict(self._members()), self.extras)


class TlvRecord(Record):
    """A BER-TLV template: members in any order, each ``Tagged``; data objects with unknown tags are kept.

    ``class Emergency(TlvRecord, tag=0xE1)`` puts the members into a template of that tag; without ``tag`` they stand
    bare. A member with ``default=None`` may be absent. With ``simple=True`` template and members are SIMPLE-TLV, and
    each member is ``SimpleTagged``.
    """

    __more_slots__ = ("_extras",)
    __slots__ = ()

    @classmethod
    def __configure__(cls, *, tag: int | None = None, simple: bool = False) -> None:
        """Make the template type and the codec of a new record class."""
        form = SIMPLE_TLV if simple else BER_TLV
        cls.__field_type__ = Template(tag, cls.__items__(), cls.__assemble__, cls, lambda record: record.extras, form)
        cls.__codec__ = codec_for(cls.__field_type__, cls.__generated__)

    def _extras_with(self, values: Mapping[str, Any]) -> Extras:
        template: Template[Any] = self.__field_type__  # type: ignore[assignment]  # __configure__ made it
        return template.settled(values, self.extras)


def _refuse_names(kind: type[Record], values: Mapping[str, Any]) -> NoReturn:
    """Raise EncodeError for every value that is missing or that no field of the record has."""
    faults = [Fault("is missing", (name,)) for name in kind.__values__ if values[name] is MISSING]
    faults += [Fault(_unknown(name, kind), (name,)) for name in values if name not in kind.__values__]
    raise EncodeError(f"cannot build {kind.__name__}", faults)


def _unknown(name: str, kind: type[Record]) -> str:
    close = nearest(name, kind.__values__)
    return f"is no field of {kind.__name__}" + (f"; did you mean {close!r}?" if close else "")


def _rebuild(kind: type[Record], values: dict[str, Any], extras: Extras) -> Record:
    return kind._assembled(values, extras)  # noqa: SLF001 - the same module
