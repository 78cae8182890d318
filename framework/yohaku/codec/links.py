"""How a field of a record depends on its siblings: derived values, and types whose form another field decides.

Derivations concern hidden fields: their value follows from the record and is verified when it is read. Dependent
types concern visible fields: the value of an earlier field says whether they are there, how often or how long.
"""

from __future__ import annotations

import copy
from abc import abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn, TypeVar

from yohaku.codec.fieldtype import FieldType, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T_co = TypeVar("T_co", covariant=True)
F = TypeVar("F", bound=FieldType[object])


@dataclass(slots=True)
class Scope:
    """What is known of a record while it is written or read.

    Attributes:
        types: the field types by name.
        values: the values so far by name, derived ones included.
        before: the encoding of the fields before the one in question.
    """

    types: Mapping[str, FieldType[object]]
    values: dict[str, object] = field(default_factory=dict)
    before: bytes = b""


class Derivation:
    """How the value of a hidden field follows from its record.

    Attributes:
        needs: names of the fields whose values are needed; they may stand before or behind.
        text: what the value is, for documents and faults, such as ``number of members``.
    """

    def __init__(self, needs: tuple[str, ...], text: str) -> None:
        self.needs, self.text = needs, text

    @abstractmethod
    def value(self, scope: Scope) -> object:
        """Give the value; all that ``needs`` names is in ``scope``."""
        raise NotImplementedError


class FromValues(Derivation):
    """A value that a function makes of the values of other fields, in the order of ``needs``."""

    def __init__(self, function: Callable[..., object], needs: tuple[str, ...], text: str) -> None:
        super().__init__(needs, text)
        self.function = function

    def value(self, scope: Scope) -> object:
        """Call the function."""
        return self.function(*(scope.values[name] for name in self.needs))


class FromSizes(Derivation):
    """The number of bytes that other fields take together."""

    def value(self, scope: Scope) -> int:
        """Encode those fields and count."""
        return sum(len(scope.types[name].write(scope.values[name])) for name in self.needs)


class FromBytes(Derivation):
    """A value that a function makes of the encoding of all fields before."""

    def __init__(self, function: Callable[[bytes], object], text: str) -> None:
        super().__init__((), text)
        self.function = function

    def value(self, scope: Scope) -> object:
        """Call the function."""
        return self.function(scope.before)


def derived(type_: F, derivation: Derivation) -> F:
    """Give a hidden field of the same type whose value follows from its record."""
    made = copy.copy(type_)
    made.hidden, made.derivation = True, derivation
    return made


class Dependent(FieldType[T_co]):
    """A type that needs the value of an earlier field of the same record to be read.

    Attributes:
        by: the name of that field.
    """

    by: str

    @abstractmethod
    def read_given(self, control: object, data: bytes, offset: int, end: int) -> tuple[T_co, int]:
        """Decode a value, ``control`` being the value of the field ``by``."""
        raise NotImplementedError

    @abstractmethod
    def control_of(self, value: object) -> object:
        """Give the value that the field ``by`` must have for ``value``, which is one that encodes."""
        raise NotImplementedError

    def check_given(self, control: object, value: object) -> None:
        """Refuse a ``value`` that contradicts ``control``."""
        wanted = self.control_of(value)
        if wanted != control:
            self.refuse(f"needs {self.by} to be {wanted}, it is {control}")

    @abstractmethod
    def example_given(self, control: object) -> T_co:
        """Give an example that agrees with ``control``."""
        raise NotImplementedError

    def read(self, data: bytes, offset: int, end: int) -> NoReturn:  # noqa: ARG002 - nothing can be read
        """Refuse: alone, the type has no form."""
        self.refuse(f"depends on the field {self.by}: it can be read as part of a record only")


def settle(item_name: str, type_: FieldType[object], scope: Scope) -> None:
    """Put the value of a derived field into ``scope``.

    Raises:
        Refused: a value that it needs is missing (no fault of this field), or does not allow it.
    """
    derivation = type_.derivation
    if derivation is None:
        return
    if any(name not in scope.values for name in derivation.needs):
        raise Refused
    try:
        scope.values[item_name] = derivation.value(scope)
    except Refused:
        raise Refused from None
    except Exception as error:  # noqa: BLE001 - a designer's function may raise anything; it is a fault of the value
        _blame_needs(derivation, scope)
        type_.refuse(f"cannot be computed ({derivation.text}): {error}")


def _blame_needs(derivation: Derivation, scope: Scope) -> None:
    """Raise Refused without a fault when a needed value is itself at fault: that is reported at its own field."""
    for name in derivation.needs:
        try:
            scope.types[name].write(scope.values[name])
        except Refused:
            raise Refused from None
