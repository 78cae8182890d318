"""What became of mutants in earlier runs, in a file, so that several runs add up.

An outcome holds while the code and the tests are the very same; of another one, the test that killed the mutant is
remembered, to be tried first.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mutations import Mutant


class State:
    """The outcomes in a file.

    Args:
        path: the file, which need not be there; None remembers nothing.
        sources: files and folders of Python whose change makes outcomes old.
    """

    def __init__(self, path: Path | None, sources: Iterable[Path]) -> None:
        self.path, self.digest = path, digest_of(sources)
        held = json.loads(path.read_text(encoding="utf-8")) if path and path.exists() else []
        self.outcomes: dict[tuple[str, ...], tuple[str, str | None]] = {
            tuple(key): (digest, killer) for key, digest, killer in held
        }

    def known(self, mutants: Iterable[Mutant]) -> dict[Mutant, str | None]:
        """Give what killed those mutants whose outcome holds; None for survivors."""
        held = ((mutant, self.outcomes.get(mutant.key)) for mutant in mutants)
        return {mutant: found[1] for mutant, found in held if found and found[0] == self.digest}

    def hints(self, mutants: Iterable[Mutant]) -> dict[Mutant, str]:
        """Give what killed mutants, whatever has changed since."""
        held = ((mutant, self.outcomes.get(mutant.key)) for mutant in mutants)
        return {mutant: found[1] for mutant, found in held if found and found[1]}

    def add(self, killers: dict[Mutant, str | None]) -> None:
        """Remember outcomes, and write the file."""
        self.outcomes |= {mutant.key: (self.digest, killer) for mutant, killer in killers.items()}
        if self.path:
            rows = [[list(key), digest, killer] for key, (digest, killer) in self.outcomes.items()]
            self.path.write_text(json.dumps(rows, ensure_ascii=False, indent=0), encoding="utf-8")


def digest_of(sources: Iterable[Path]) -> str:
    """Give a digest of all Python in files and folders."""
    digest = hashlib.sha256()
    for source in sources:
        for path in [source] if source.is_file() else sorted(source.rglob("*.py")):
            digest.update(f"{path.relative_to(source.parent)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
