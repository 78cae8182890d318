"""Every field of an applet with its type and what its declaration says, nested ones in full."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yohaku.codec import FieldType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yohaku.schema.applet import Applet
    from yohaku.schema.declarations import File
    from yohaku.schema.record import FieldSpec


@dataclass(frozen=True, slots=True)
class FieldNode:
    """One field that holds a value or hidden bytes.

    Attributes:
        file: the file that holds it.
        path: names from the record; ``[]`` stands for any index.
        spec: the declaration nearest around it.
        type: its type without frames such as tags and lengths.
        personal: whether it, or something around it, is declared as personal data.
    """

    file: File[Any]
    path: str
    spec: FieldSpec
    type: FieldType[Any]
    personal: bool

    @property
    def words(self) -> str:
        """Its name and labels, as one text to search: width folded, in lower case, names cut into words."""
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", self.path.rsplit(".", 1)[-1])
        shown = f"{name} {self.spec.label} {self.spec.english}".replace("_", " ").replace("[]", "")
        return unicodedata.normalize("NFKC", shown).lower()


def fields_of(applet: type[Applet]) -> Iterator[FieldNode]:
    """Yield the fields of every file, hidden ones too."""
    for file in applet.files().values():
        yield from _inside(file, file.record.__field_type__, "", None, personal=False)


def core(type_: FieldType[Any]) -> FieldType[Any]:
    """Give the type inside all frames: tags, length prefixes, parts that may be absent."""
    inner = getattr(type_, "inner", None)
    while isinstance(inner, FieldType):
        type_, inner = inner, getattr(inner, "inner", None)
    return type_


def _inside(
    file: File[Any], type_: FieldType[Any], path: str, spec: FieldSpec | None, *, personal: bool
) -> Iterator[FieldNode]:
    specs: Mapping[str, FieldSpec] = getattr(getattr(core(type_), "kind", None), "__fields__", {})
    parts = {(step if isinstance(step, str) else 0): part for step, part, _ in reversed(list(type_.parts()))}
    if not parts and spec is not None:
        yield FieldNode(file, path, spec, core(type_), personal)
    for step, part in reversed(parts.items()):
        own = specs.get(step, spec) if isinstance(step, str) else spec
        below = f"{path}.{step}".removeprefix(".") if isinstance(step, str) else f"{path}[]"
        yield from _inside(file, part, below, own, personal=personal or (own is not None and own.personal))
