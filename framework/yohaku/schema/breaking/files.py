"""Changes of files between two versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yohaku.schema.breaking.credentials import changed_access
from yohaku.schema.breaking.fields import changed_fields
from yohaku.schema.breaking.model import Change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.schema.snapshot import AppletSnapshot, FileSnapshot


def file_pairs(old: AppletSnapshot, new: AppletSnapshot) -> list[tuple[FileSnapshot, FileSnapshot | None]]:
    """Pair files by name, then those left over by short file identifier and kind."""
    by_name = {file.name: file for file in new.files}
    known = {file.name for file in old.files}
    by_sfi = {(file.sfi, file.kind): file for file in new.files if file.name not in known}
    return [(file, by_name.get(file.name) or by_sfi.get((file.sfi, file.kind))) for file in old.files]


def changed_files(old: AppletSnapshot, new: AppletSnapshot, renamed: dict[str, str]) -> Iterator[Change]:
    """Find what changed about files and their fields; ``renamed`` gives the new names of PINs and keys."""
    for was, now in file_pairs(old, new):
        if now is None:
            yield Change("FILE_REMOVED", was.name, f"the {was.kind} file of {was.size} bytes is gone")
            continue
        yield from _changed_file(was, now)
        for operation in was.access.keys() & now.access.keys():
            where = f"{was.name}.{operation}"
            yield from changed_access(where, was.access[operation], now.access[operation], renamed)
        if was.kind == now.kind:
            yield from changed_fields(was, now)


def _changed_file(was: FileSnapshot, now: FileSnapshot) -> Iterator[Change]:
    if was.name != now.name:
        yield Change("FILE_RENAMED", was.name, f"is called {now.name}")
    if was.record != now.record:
        yield Change("RECORD_RENAMED", was.name, f"the class of its records was {was.record}, is {now.record}")
    if was.sfi != now.sfi:
        yield Change("FILE_SFI_CHANGED", was.name, f"had SFI {was.sfi}, has {now.sfi}: state sfi={was.sfi}")
    if was.kind != now.kind:
        yield Change("FILE_KIND_CHANGED", was.name, f"was {was.kind}, is {now.kind}")
    else:
        yield from _changed_size(was, now)


def _changed_size(was: FileSnapshot, now: FileSnapshot) -> Iterator[Change]:
    """Find what changed about the room of files of one kind."""
    if was.has_copies != now.has_copies:
        forms = {True: "two copies of its content", False: "its content once"}
        yield Change("FILE_KIND_CHANGED", was.name, f"held {forms[was.has_copies]}, holds {forms[now.has_copies]}")
    elif was.has_copies:
        if now.size != was.size:
            yield Change("RECORD_SIZE_CHANGED", was.name, f"had copies of {was.record_size}, has {now.record_size}")
    elif was.kind == "transparent":
        if now.size < was.size:
            yield Change("FILE_SHRANK", was.name, f"had {was.size} bytes, has {now.size}")
    else:
        yield from _changed_records(was, now)


def _changed_records(was: FileSnapshot, now: FileSnapshot) -> Iterator[Change]:
    if now.records < was.records:
        yield Change("FILE_SHRANK", was.name, f"had {was.records} records, has {now.records}")
    if now.record_size != was.record_size:
        yield Change("RECORD_SIZE_CHANGED", was.name, f"had records of {was.record_size}, has {now.record_size}")
