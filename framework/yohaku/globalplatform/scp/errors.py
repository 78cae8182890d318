"""What can go wrong in a secure channel; no message holds a key, a cryptogram or a decrypted byte."""

from __future__ import annotations

from yohaku.card.errors import CardError


class SecureChannelError(CardError):
    """The secure channel cannot be opened, or has ended."""


class AuthenticationError(SecureChannelError):
    """One side's proof of its keys is wrong."""


class MessageError(SecureChannelError):
    """A secured message is not authentic: changed, repeated, out of order or cut short; the session is over."""
