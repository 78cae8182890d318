import json
from typing import Any

import pytest


def test_list_gives_every_installed_applet_as_json(run: Any) -> None:
    listed = json.loads(run("schema", "list", "--json").stdout)
    assert [item["applet"] for item in listed] == [
        "emergency-medical",
        "health-points",
        "library-card",
        "local-currency",
    ]
    assert listed[2] == {
        "applet": "library-card",
        "title": "図書館利用カード",
        "aid": "f059484b0001",
        "version": 1,
        "files": ["borrower", "loans"],
        "purses": [],
        "bytes": 64 + 20 * 16,
    }
    assert (listed[1]["files"], listed[1]["purses"]) == (["member"], ["points"])


def test_list_of_a_file_without_applets_is_an_empty_list(run: Any, folder: Any) -> None:
    (folder / "none.py").write_text("from yohaku import Applet\n")
    assert json.loads(run("schema", "list", "none.py", "--json").stdout) == []


def test_show_json_has_the_places_of_all_fields(run: Any) -> None:
    shown = json.loads(run("schema", "show", "library-card", "--json").stdout)
    assert {"applet", "aid", "version", "files", "bytes"} <= shown.keys()
    borrower = shown["files"][0]
    assert (borrower["name"], borrower["kind"], borrower["size"]) == ("borrower", "transparent", 64)
    issued = next(field for field in borrower["fields"] if field["path"] == "issued")
    assert (issued["offset"], issued["size"], issued["type"], issued["label"]) == (45, 4, "Date", "発行日")


def test_show_draws_every_field_and_colours_only_when_asked(run: Any) -> None:
    plain = run("schema", "show", "library-card").stdout
    assert "発行日 / issued" in plain
    assert "\x1b[" not in plain
    assert "\x1b[" in run("schema", "show", "library-card", FORCE_COLOR="1").stdout
    assert "\x1b[" not in run("schema", "show", "library-card", FORCE_COLOR="1", NO_COLOR="1").stdout


def test_show_writes_a_picture_and_a_page(run: Any, folder: Any) -> None:
    result = run("schema", "show", "library-card", "--svg", "map.svg", "--html", "page.html")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "wrote map.svg\nwrote page.html\n")
    for name, start in (("map.svg", "<svg"), ("page.html", "<!DOCTYPE html>")):
        text = (folder / name).read_text(encoding="utf-8")
        assert text.startswith(start)
        assert "発行日" in text
    assert run("schema", "show", "library-card", "--svg", "-").stdout == (folder / "map.svg").read_text(
        encoding="utf-8"
    )
    nowhere = run("schema", "show", "library-card", "--svg", "no/such/folder/map.svg")
    assert nowhere.exit_code == 1
    assert "No such file or directory" in nowhere.stderr


@pytest.mark.parametrize(
    ("applet", "file"),
    [
        ("library-card", "borrower"),
        ("library-card", "loans"),
        ("local-currency", "wallet"),
        ("local-currency", "log"),
        ("emergency-medical", "record"),
    ],
)
def test_example_encode_decode_gives_the_same_json_back(run: Any, applet: str, file: str) -> None:
    example = run("schema", "example", applet, file).stdout
    encoded = run("schema", "encode", applet, file, "-", stdin=example)
    assert encoded.exit_code == 0
    assert run("schema", "decode", applet, file, "-", stdin=encoded.stdout).stdout == example


def test_example_is_utf8_in_any_locale(run: Any) -> None:
    printed = run("schema", "example", "library-card", "borrower").stdout_bytes
    assert "高松　花子".encode() in printed


def test_encode_prints_one_line_of_hex_or_json_or_raw_bytes(run: Any, folder: Any) -> None:
    source = run("schema", "example", "local-currency", "wallet").stdout
    (folder / "wallet.json").write_text(source)
    as_hex = run("schema", "encode", "local-currency", "wallet", "wallet.json").stdout
    data = bytes.fromhex(as_hex)
    assert as_hex == f"{data.hex()}\n"
    as_json = run("schema", "encode", "local-currency", "wallet", source, "--json").stdout
    assert json.loads(as_json) == {"hex": data.hex(), "bytes": len(data)}
    raw = run("schema", "encode", "local-currency", "wallet", "-", "--binary", stdin=source).stdout_bytes
    assert raw == data
    assert run("schema", "decode", "local-currency", "wallet", "-", "--binary", stdin=raw).stdout == source
    assert run("schema", "decode", "local-currency", "wallet", as_hex.strip().upper()).stdout == source


def test_encode_reports_every_fault_on_stderr_with_its_path(run: Any) -> None:
    result = run("schema", "encode", "local-currency", "wallet", '{"balance": -1, "counter": 65536, "blance": 1}')
    assert result.exit_code == 5
    assert result.stdout == ""
    for fault in ("balance is -1", "counter is 65536", "issuer is missing @ $.issuer", "did you mean 'balance'?"):
        assert fault in result.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"a": 1', "line 1, column 8"),
        ('{"a": 1, "a": 2}', "an object has 'a' twice"),
        ('{"a": NaN}', "NaN is no JSON number"),
        ('{"a": ' + "9" * 5000 + "}", "is no JSON that can be used"),
        ('{"a":' + "[" * 100_000, "is no JSON"),
    ],
)
def test_what_is_no_json_is_refused(run: Any, text: str, says: str) -> None:
    result = run("schema", "encode", "local-currency", "wallet", "-", stdin=text)
    assert result.exit_code == 5
    assert result.stderr.startswith("Error: stdin is no JSON")
    assert says in result.stderr


@pytest.mark.parametrize("source", ["372", "zz", "0x37"])
def test_what_is_no_hex_and_no_file_is_wrong_usage(run: Any, source: str) -> None:
    result = run("schema", "decode", "local-currency", "wallet", source)
    assert result.exit_code == 2
    assert "neither a file nor a literal value" in result.stderr


def test_a_file_that_is_no_hex_does_not_decode(run: Any, folder: Any) -> None:
    (folder / "wallet.hex").write_text("37 20 1g")
    result = run("schema", "decode", "local-currency", "wallet", "wallet.hex")
    assert (result.exit_code, result.stdout) == (5, "")
    assert "wallet.hex is no hex" in result.stderr


def test_decode_refuses_leftover_bytes(run: Any) -> None:
    encoded = run(
        "schema", "encode", "local-currency", "wallet", run("schema", "example", "local-currency", "wallet").stdout
    )
    result = run("schema", "decode", "local-currency", "wallet", encoded.stdout.strip() + "00")
    assert result.exit_code == 5
    assert "left over" in result.stderr


def test_binary_and_json_exclude_each_other(run: Any) -> None:
    assert run("schema", "encode", "local-currency", "wallet", "{}", "--binary", "--json").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("show", "libary-card"), "did you mean 'library-card'?"),
        (("example", "library-card", "borower"), "there is borrower, loans; did you mean 'borrower'?"),
        (("shwo", "library-card"), "no command 'shwo' in yohaku schema: there is list, show, example"),
    ],
)
def test_unknown_names_are_wrong_usage_and_name_the_nearest(run: Any, arguments: tuple[str, ...], says: str) -> None:
    result = run("schema", *arguments)
    assert result.exit_code == 2
    assert says in result.stderr


LOANS = (
    "at,event,branch,item\n2026-04-01T01:30:00+00:00,lent,3,4000123456\n2026-04-02T01:30:00Z,returned,4,4000123456\n"
)


def test_a_table_becomes_lines_of_hex_and_a_table_again(run: Any) -> None:
    encoded = run("schema", "encode", "library-card", "loans", "-", "--from", "csv", stdin=LOANS).stdout
    assert [len(line) for line in encoded.splitlines()] == [32, 32]
    again = run("schema", "decode", "library-card", "loans", "-", "--to", "csv", stdin=encoded).stdout
    assert again.splitlines()[0] == "at,event,branch,item"
    assert again.splitlines()[2].endswith(",returned,4,4000123456")
    as_lines = run("schema", "decode", "library-card", "loans", "-", "--to", "jsonl", stdin=encoded).stdout
    assert [json.loads(line)["branch"] for line in as_lines.splitlines()] == [3, 4]
    assert run("schema", "encode", "library-card", "loans", "-", "--from", "jsonl", stdin=as_lines).stdout == encoded


def test_bad_rows_are_reported_with_their_line_and_the_good_ones_written(run: Any, folder: Any) -> None:
    (folder / "loans.csv").write_text(LOANS.replace("lent,3", "lentt,256") + "2026-04-03T01:30:00Z,lent,4\n")
    result = run("schema", "encode", "library-card", "loans", "loans.csv", "--from", "csv")
    assert result.exit_code == 5
    assert len(result.stdout.splitlines()) == 1
    for fault in ("line 2: branch is 256", "line 2: event is 'lentt'", "line 4: ", "2 rows of 3 hold no record"):
        assert fault in result.stderr


@pytest.mark.parametrize("text", [b"a,b\n1,2\n", b"at,event\xff\n"])
def test_a_table_whose_header_is_none_writes_nothing(run: Any, text: bytes) -> None:
    result = run("schema", "encode", "library-card", "loans", "-", "--from", "csv", stdin=text)
    assert (result.exit_code, result.stdout) == (5, "")


def test_forms_exclude_each_other(run: Any) -> None:
    assert run("schema", "encode", "library-card", "loans", "-", "--from", "csv", "--json").exit_code == 2
    assert run("schema", "decode", "library-card", "loans", "-", "--to", "csv", "--binary").exit_code == 2
    assert run("schema", "encode", "library-card", "loans", "-", "--from", "xml").exit_code == 2
    assert run("schema", "encode", "library-card", "loans", "nowhere.csv", "--from", "csv").exit_code == 2
