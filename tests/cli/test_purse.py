"""Purses from the command line: bookings, what is refused, and receipts in the back office."""

import json
from pathlib import Path
from typing import Any

import pytest

from yohaku.card import Secrets
from yohaku_applets.health_points import HealthPoints

IMAGE = ("--card", "emulator:card.img")
POINTS = ("health-points", "points")


@pytest.fixture
def filled(run: Any) -> Any:
    """Run a command behind ``yohaku applet purse``, with a purse that has 300 in it."""
    assert run("applet", "load", "health-points", *IMAGE).exit_code == 0

    def purse(verb: str, *rest: str, card: tuple[str, ...] = IMAGE) -> Any:
        return run("applet", "purse", verb, *POINTS, *rest, *card)

    assert purse("credit", "300").exit_code == 0
    return purse


def test_a_booking_prints_its_receipt(filled: Any) -> None:
    table = filled("debit", "120", "--reference", "53 48 30 37 00 00 00 42")
    assert table.stdout.splitlines()[1].split() == ["2", "debit", "120", "180", "5348303700000042"]
    shown = json.loads(filled("debit", "80", "--json").stdout)
    assert (shown["sequence"], shown["amount"], shown["balance"]) == (3, 80, 100)
    assert json.loads(filled("balance", "--json").stdout) == {
        "purse": shown["purse"],
        "sequence": 3,
        "balance": 100,
    }
    assert filled("balance").stdout == "100\n"
    log = json.loads(filled("log", "--json").stdout)
    assert log[0] == shown
    assert [one["sequence"] for one in log] == [3, 2, 1]
    assert len(filled("log").stdout.splitlines()) == 4


@pytest.mark.parametrize(
    ("verb", "rest", "code", "said"),
    [
        ("debit", ("301",), 4, "would fall below 0; nothing was booked"),
        ("credit", ("501",), 5, "a credit of 501, allowed is 1 to 500"),
        ("debit", ("0", "--reference", "00"), 5, "a reference of 1 bytes, it has 8; nothing was sent"),
        ("debit", ("1", "--reference", "0g"), 5, "write 8 bytes as hex"),
        ("debit", ("x",), 2, "not a valid integer"),
    ],
)
def test_what_is_refused_books_nothing(filled: Any, verb: str, rest: tuple[str, ...], code: int, said: str) -> None:
    refused = filled(verb, *rest)
    assert (refused.exit_code, said in refused.stderr) == (code, True), refused.stderr
    assert filled("balance").stdout == "300\n"


def test_other_purses_and_applets_without_one_are_told(run: Any) -> None:
    unknown = run("applet", "purse", "balance", "health-points", "money", *IMAGE)
    assert (unknown.exit_code, "there is points" in unknown.stderr) == (2, True)
    none = run("applet", "purse", "balance", "library-card", "points", *IMAGE)
    assert (none.exit_code, "there is none" in none.stderr) == (2, True)


def test_a_real_card_is_booked_on_only_after_a_yes(
    filled: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secrets = tmp_path / "secrets.toml"
    secrets.write_text(f'[health-points]\nstation = "{Secrets.for_tests(HealthPoints)["station"].hex()}"\n')
    secrets.chmod(0o600)
    with monkeypatch.context() as real:
        real.setattr("yohaku_emulator.link.EmulatorLink.is_emulator", False)
        refused = filled("credit", "1", "--secrets", str(secrets))
        assert (refused.exit_code, "add --yes to go on" in refused.stderr) == (2, True)
        assert filled("credit", "1", "--secrets", str(secrets), "--yes").exit_code == 0
    assert filled("balance").stdout == "301\n"


@pytest.mark.parametrize("card", [IMAGE, ("--card", "pcsc:no such reader")], ids=["image", "reader"])
@pytest.mark.parametrize(("verb", "amount"), [("credit", "5"), ("debit", "250")])
def test_a_plan_books_nothing(filled: Any, verb: str, amount: str, card: tuple[str, ...]) -> None:
    planned = filled(verb, amount, "--plan", card=card)
    assert planned.exit_code == 0, planned.stderr
    assert f"{verb.upper()} points: {amount}, reference" in planned.stdout
    assert "4 commands, 56 bytes there, 92 bytes back" in planned.stdout
    assert ("booking 2, balance" in planned.stdout) is (card == IMAGE)
    assert filled("balance").stdout == "300\n"


class TestVerify:
    @pytest.fixture
    def receipts(self, filled: Any) -> Any:
        for amount in ("10", "20", "30"):
            filled("debit", amount)
        return json.loads(filled("log", "--json").stdout)

    @pytest.fixture
    def verify(self, run: Any, tmp_path: Path) -> Any:
        def check(receipts: Any, *rest: str) -> Any:
            path = tmp_path / "receipts.json"
            path.write_text(json.dumps(receipts))
            return run("applet", "purse", "verify", *POINTS, str(path), *(rest or ("--allow-test-keys",)))

        return check

    def test_genuine_ones_pass_with_no_card(self, receipts: Any, verify: Any) -> None:
        for some in (receipts, receipts[0], []):
            passed = verify(some)
            assert (passed.exit_code, passed.stdout) == (0, "")
        assert "4 receipts, 0 doubts" in verify(receipts).stderr

    def test_forged_and_doubled_ones_do_not_and_gaps_are_told(self, receipts: Any, verify: Any) -> None:
        forged = verify([receipts[0] | {"amount": 31}])
        assert (forged.exit_code, forged.stdout[:6]) == (1, "FORGED")
        doubled = verify([receipts[0], receipts[0]])
        assert (doubled.exit_code, "pay it once" in doubled.stdout) == (1, True)
        gap = verify([receipts[0], receipts[3]], "--allow-test-keys", "--json")
        assert gap.exit_code == 0
        assert [one["message"] for one in json.loads(gap.stdout)["findings"]] == ["bookings 2 to 3 not handed in"]

    def test_the_key_comes_from_the_secrets_file_or_is_asked_for(
        self, receipts: Any, verify: Any, tmp_path: Path
    ) -> None:
        needed = verify(receipts, "--json")
        assert (needed.exit_code, "the value of office is needed" in needed.stderr) == (2, True)
        secrets = tmp_path / "secrets.toml"
        secrets.write_text('[health-points]\noffice = "00112233445566778899aabbccddeeff"\n')
        secrets.chmod(0o600)
        other = verify(receipts, "--secrets", str(secrets))
        assert (other.exit_code, other.stdout.count("FORGED")) == (1, 4)

    def test_what_is_no_receipt_is_told_with_its_place(self, receipts: Any, verify: Any) -> None:
        broken = verify([receipts[0], receipts[1] | {"amount": -1, "more": 1}])
        assert broken.exit_code == 5
        assert "$[1].amount" in broken.stderr
        assert "$[1].more" in broken.stderr


def test_a_trace_tells_bookings(filled: Any, run: Any) -> None:
    filled("debit", "7", "--reference", "0102030405060708", "--trace", "t.jsonl")
    told = run("card", "trace", "show", "t.jsonl", "--applet", "health-points")
    assert told.exit_code == 0, told.stderr
    assert "DEBIT points: 7, reference 0102030405060708" in told.stdout
    assert "balance 293, booking 2" in told.stdout
