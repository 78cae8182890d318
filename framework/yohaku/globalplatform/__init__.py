"""The management side of a card: its registry, its keys, and how applets get on it and off it."""

from yohaku.globalplatform.container import ContainerTooOldError
from yohaku.globalplatform.domain import NoSpaceError, SecurityDomain
from yohaku.globalplatform.keys import Diversification, Diversified, KeySet, KeySource, StaticKeys
from yohaku.globalplatform.load import (
    AlreadyInstalledError,
    ContentError,
    LoadError,
    LoadReport,
    Step,
    delete_applet,
    load_applet,
    load_bytes,
)
from yohaku.globalplatform.rotation import Rotation, RotationError, delete_keys, put_keys, rotate_keys, store_keys
from yohaku.globalplatform.scp import AuthenticationError, Level, SecureChannelError
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
    "AuthenticationError",
    "CardData",
    "ContainerTooOldError",
    "ContentError",
    "DeleteRequest",
    "Dgi",
    "Diversification",
    "Diversified",
    "InstallParameters",
    "InstallRequest",
    "KeySet",
    "KeySource",
    "Level",
    "LoadError",
    "LoadReport",
    "NoSpaceError",
    "RegistryEntry",
    "Resources",
    "Rotation",
    "RotationError",
    "SecureChannelError",
    "SecurityDomain",
    "StaticKeys",
    "StatusRequest",
    "Step",
    "UpgradeReport",
    "WireError",
    "delete_applet",
    "delete_keys",
    "load_applet",
    "load_bytes",
    "parse_dgis",
    "parse_registry",
    "put_keys",
    "rotate_keys",
    "store_keys",
    "upgrade_applet",
]
