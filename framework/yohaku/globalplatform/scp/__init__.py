"""Secure channels SCP02 and SCP03: derivations and messages of both sides; the host's end is a processor."""

from yohaku.globalplatform.scp.channel import SecureChannel, Terms, open_channel
from yohaku.globalplatform.scp.errors import AuthenticationError, MessageError, SecureChannelError
from yohaku.globalplatform.scp.levels import COMMANDS, CONTENT_MANAGEMENT, EVERYTHING, Level

__all__ = [
    "COMMANDS",
    "CONTENT_MANAGEMENT",
    "EVERYTHING",
    "AuthenticationError",
    "Level",
    "MessageError",
    "SecureChannel",
    "SecureChannelError",
    "Terms",
    "open_channel",
]
