"""Security domains: secure channel, keys, registry and content management, as each logical channel sees them."""

from yohaku_emulator.domains.applet import DomainApplet
from yohaku_emulator.domains.domain import SecurityDomain

__all__ = ["DomainApplet", "SecurityDomain"]
