"""Static keys that stay in a PKCS#11 token (an HSM, a smart card, SoftHSM): the token derives, the keys never leave it.

Needs python-pkcs11, which the extra ``hsm`` installs; nothing else of yohaku does.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yohaku.errors import YohakuError
from yohaku.globalplatform.ciphers import AES_BLOCK, DES_BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from yohaku.globalplatform.keys import Role


class TokenError(YohakuError):
    """The PKCS#11 module or token cannot be used, or does not have the keys; says what to do."""


@dataclass(frozen=True, slots=True, repr=False)
class TokenKeys:
    """The three static keys of a secure channel in a PKCS#11 token; a key source and the keys themselves.

    Attributes:
        module: path of the token's PKCS#11 library.
        token: label of the token.
        labels: label of the secret key for each role; one key may serve all three.
        pin: asks for the token's user PIN each time the token is opened.
        version: key version number, 00 to 7F; 00 asks for whichever set the card uses first.
        size: bytes of each key.
    """

    module: str
    token: str
    labels: Mapping[Role, str]
    pin: Callable[[], str]
    version: int = 0
    size: int = 16

    @property
    def is_published(self) -> bool:
        """Whether anybody can know these keys: nobody can who does not hold the token."""
        return False

    def keys_for(self, _diversification_data: bytes, _protocol: int, /) -> TokenKeys:
        """Give these keys for every card."""
        return self

    def aes_cmac(self, role: Role, data: bytes) -> bytes:
        """Authenticate with AES-CMAC in the token, 16 bytes (CKM_AES_CMAC)."""
        with self._key(role, "AES") as (key, mechanism):
            return bytes(key.sign(data, mechanism=mechanism.AES_CMAC))

    def aes_encrypt(self, role: Role, data: bytes) -> bytes:
        """Encrypt whole blocks in the token with AES-CBC, ICV zero (CKM_AES_CBC)."""
        with self._key(role, "AES") as (key, mechanism):
            return bytes(key.encrypt(data, mechanism=mechanism.AES_CBC, mechanism_param=bytes(AES_BLOCK)))

    def des_encrypt(self, role: Role, data: bytes) -> bytes:
        """Encrypt whole blocks in the token with triple DES, CBC, ICV zero (CKM_DES3_CBC)."""
        with self._key(role, "DES3") as (key, mechanism):
            return bytes(key.encrypt(data, mechanism=mechanism.DES3_CBC, mechanism_param=bytes(DES_BLOCK)))

    @contextmanager
    def _key(self, role: Role, kind: str) -> Iterator[tuple[Any, Any]]:
        """Open the token and give the key of a role with the mechanisms; close the token afterwards.

        Raises:
            TokenError: the module, the token, its PIN or the key is not as said.
        """
        try:
            import pkcs11
        except ImportError:
            raise TokenError("keys in a token need python-pkcs11: pip install 'yohaku[hsm]'") from None
        label = self.labels[role]
        try:
            found = pkcs11.lib(self.module).get_token(token_label=self.token)
            with found.open(user_pin=self.pin()) as session:
                wanted = (pkcs11.ObjectClass.SECRET_KEY, getattr(pkcs11.KeyType, kind), label)
                yield session.get_key(object_class=wanted[0], key_type=wanted[1], label=wanted[2]), pkcs11.Mechanism
        except (pkcs11.PKCS11Error, RuntimeError) as error:
            reason = type(error).__name__ if not str(error) else f"{type(error).__name__}: {error}"
            raise TokenError(
                f"token {self.token!r} of {self.module}, {kind} key {label!r}: {reason}; "
                "check the module's path, the labels and the PIN"
            ) from None

    def __repr__(self) -> str:
        return f"<TokenKeys: version {self.version:02X}, in token {self.token!r}>"
