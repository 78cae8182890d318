"""Keys of a security domain in a token that we did not write: SoftHSM, through PKCS#11."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from yohaku import connect
from yohaku.cli.root import yohaku
from yohaku.globalplatform import KeySet, SecurityDomain
from yohaku.globalplatform.keys import Role
from yohaku.globalplatform.pkcs11 import TokenError, TokenKeys
from yohaku.globalplatform.rotation import rotate_keys

pkcs11 = pytest.importorskip("pkcs11")
MODULE = next((path for path in ("/usr/lib/softhsm/libsofthsm2.so",) if Path(path).exists()), "")
pytestmark = [
    pytest.mark.skipif(
        not MODULE and not os.environ.get("CI"), reason="SoftHSM is not installed: apt install softhsm2"
    ),
    pytest.mark.xdist_group("softhsm"),
]
PIN = "4711"
SECRET = bytes(range(0x10, 0x20))


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> TokenKeys:
    """Make a token that holds one AES key, which nobody can take out."""
    assert MODULE, "apt install softhsm2"
    folder = tmp_path_factory.mktemp("hsm")
    (folder / "tokens").mkdir()
    (folder / "conf").write_text(
        f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    os.environ["SOFTHSM2_CONF"] = str(folder / "conf")
    tool = shutil.which("softhsm2-util") or "softhsm2-util"
    command = [tool, "--init-token", "--free", "--label", "yohaku", "--pin", PIN, "--so-pin", PIN]
    subprocess.run(command, check=True, capture_output=True)
    attribute = pkcs11.Attribute
    with pkcs11.lib(MODULE).get_token(token_label="yohaku").open(user_pin=PIN, rw=True) as session:
        for label, kind, value in (
            ("domain", pkcs11.KeyType.AES, SECRET),
            ("old", pkcs11.KeyType.DES3, SECRET + SECRET[:8]),
        ):
            session.create_object(
                {
                    attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY,
                    attribute.KEY_TYPE: kind,
                    attribute.VALUE: value,
                    attribute.LABEL: label,
                    attribute.TOKEN: True,
                    attribute.SIGN: True,
                    attribute.ENCRYPT: True,
                    attribute.SENSITIVE: True,
                    attribute.EXTRACTABLE: False,
                }
            )
    return TokenKeys(MODULE, "yohaku", dict.fromkeys(Role, "domain"), lambda: PIN, version=0x31)


def test_the_token_computes_what_the_keys_in_memory_do(token: TokenKeys) -> None:
    memory = KeySet.single(SECRET)
    for role in Role:
        assert token.aes_cmac(role, b"data") == memory.aes_cmac(role, b"data")
        assert token.aes_encrypt(role, bytes(32)) == memory.aes_encrypt(role, bytes(32))
    old = TokenKeys(MODULE, "yohaku", dict.fromkeys(Role, "old"), lambda: PIN)
    assert old.des_encrypt(Role.ENC, bytes(16)) == memory.des_encrypt(Role.ENC, bytes(16))


def test_a_card_is_managed_with_keys_that_never_leave_the_token(token: TokenKeys) -> None:
    with connect("emulator:") as card:
        rotate_keys(card, KeySet.for_tests(), KeySet.single(SECRET, version=0x31))
        domain = SecurityDomain.open(card, keys=token)
        assert domain.free_bytes()
        information = domain.keys()
        assert information
        assert list(information.versions) == [0x31]


def test_what_is_wrong_with_a_token_is_said_without_its_pin(token: TokenKeys) -> None:
    wrong = (
        TokenKeys(MODULE, "other", token.labels, token.pin),
        TokenKeys(MODULE, "yohaku", dict.fromkeys(Role, "none"), token.pin),
        TokenKeys(MODULE, "yohaku", token.labels, lambda: "0000"),
        TokenKeys("/no/module.so", "yohaku", token.labels, token.pin),
    )
    for keys in wrong:
        with pytest.raises(TokenError, match="check the module's path, the labels and the PIN") as caught:
            keys.aes_cmac(Role.MAC, b"data")
        assert PIN not in str(caught.value)
        assert "0000" not in str(caught.value)
    assert PIN not in repr(token)


def test_the_command_line_takes_a_key_file_that_names_a_token(
    token: TokenKeys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert token.labels[Role.ENC] == "domain"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("YOHAKU_TOKEN_PIN", PIN)
    Path("new.toml").write_text(f'key = "{SECRET.hex()}"\nversion = 49\n')
    Path("token.toml").write_text(f'module = "{MODULE}"\ntoken = "yohaku"\nkey = "domain"\nversion = 49\n')
    for name in ("new.toml", "token.toml"):
        Path(name).chmod(0o600)
    url = ("--card", "emulator:card.img")

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(yohaku, arguments, prog_name="yohaku", catch_exceptions=False)

    assert run("domain", "rotate", "new.toml", *url).exit_code == 0
    listed = run("applet", "status", *url, "--keys", "token.toml")
    assert listed.exit_code == 0, listed.stderr
    assert "31" in listed.stdout
    assert run("applet", "load", "library-card", *url, "--keys", "token.toml").exit_code == 0
