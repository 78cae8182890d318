"""CAP files: read, checked as a card checks them, and described."""

from yohaku.globalplatform.cap.container import CapError
from yohaku.globalplatform.cap.model import CapApplet, CapFile, CapMethod, Package, Statics, named
from yohaku.globalplatform.cap.reading import read_cap, read_load_file

__all__ = [
    "CapApplet",
    "CapError",
    "CapFile",
    "CapMethod",
    "Package",
    "Statics",
    "named",
    "read_cap",
    "read_load_file",
]
