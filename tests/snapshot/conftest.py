"""Golden files: text that changes on purpose only. ``YOHAKU_RECORD=1 pytest tests/snapshot`` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare a text with the golden file of a name, such as ``help/yohaku.txt``."""

    def check(name: str, text: str) -> None:
        path = HERE / name
        if os.environ.get("YOHAKU_RECORD"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{path} is missing: YOHAKU_RECORD=1 records it"
        assert text == path.read_text(encoding="utf-8")

    return check
