"""The management side of a card: its registry, and how applets get on it and off it. No secure channel yet."""

from yohaku.globalplatform.domain import NoSpaceError, SecurityDomain
from yohaku.globalplatform.load import (
    AlreadyInstalledError,
    ContentError,
    LoadError,
    LoadReport,
    Step,
    delete_applet,
    load_applet,
)
from yohaku.globalplatform.upgrade import UpgradeReport, upgrade_applet
from yohaku.globalplatform.wire import (
    LOAD_FILE,
    MODULE,
    CardData,
    DeleteRequest,
    Dgi,
    InstallParameters,
    InstallRequest,
    RegistryEntry,
    Resources,
    StatusRequest,
    WireError,
    parse_dgis,
    parse_registry,
)

__all__ = [
    "LOAD_FILE",
    "MODULE",
    "AlreadyInstalledError",
    "CardData",
    "ContentError",
    "DeleteRequest",
    "Dgi",
    "InstallParameters",
    "InstallRequest",
    "LoadError",
    "LoadReport",
    "NoSpaceError",
    "RegistryEntry",
    "Resources",
    "SecurityDomain",
    "StatusRequest",
    "Step",
    "UpgradeReport",
    "WireError",
    "delete_applet",
    "load_applet",
    "parse_dgis",
    "parse_registry",
    "upgrade_applet",
]
