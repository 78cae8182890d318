"""Small pieces: minimising, the corpus folder, mutations that keep the form, the text of a test."""

import ast
import json
from contextlib import suppress
from random import Random

import pytest

from yohaku.iso7816.tlv import parse
from yohaku.testing.fuzz import Call, Corpus, mutate_bytes
from yohaku.testing.fuzz.crossing import RecordMutation
from yohaku.testing.fuzz.finding import Finding, Reason
from yohaku.testing.fuzz.forms import mutate_json, mutate_lines, mutate_objects, mutate_table
from yohaku.testing.fuzz.messages import CELL, read_cell, write_cell
from yohaku.testing.fuzz.minimise import Minimiser
from yohaku.testing.fuzz.mutation import MOST_BYTES
from yohaku.testing.fuzz.source import write_test
from yohaku.testing.fuzz.target import digest
from yohaku.testing.fuzz.targets.records import seed_records
from yohaku_applets.library_card import Borrower

SEED = {bytes: b"\x6f\x04\x84\x02\xf0\x01", "json": b'{"name": "abc", "items": [1, 2]}', "csv": b"a,b\n1,2\n"}


@pytest.mark.parametrize(
    ("holds", "data", "smallest"),
    [
        (lambda data: b"x" in data, b"abcxdef", b"x"),
        (lambda data: len(data) >= 3, b"abcdef", b"\0\0\0"),
        (lambda data: data.count(b"a") >= 2, b"banana", b"aa"),
        (lambda _data: True, b"anything", b""),
    ],
)
def test_a_finding_is_made_as_small_as_can_be(holds, data, smallest):
    assert Minimiser(holds).run(data) == smallest


def test_lines_are_taken_away_first():
    tried = []

    def holds(data):
        tried.append(data)
        return b"keep" in data

    assert Minimiser(holds, separator=b"\n").run(b"one\nkeep\ntwo") == b"keep"
    assert b"keep" in tried[:6]


def test_a_minimiser_gives_up_after_its_tries():
    tried = []
    Minimiser(lambda data: tried.append(data) or False, tries=10).run(bytes(range(100)))
    assert len(tried) == 10


def test_a_corpus_names_inputs_by_their_digest_and_leaves_other_files_alone(tmp_path):
    corpus = Corpus(tmp_path / "corpus")
    assert list(corpus.load("part")) == []
    for data in (b"one", b"two", b"one"):
        corpus.put("part", data)
    (tmp_path / "corpus" / "part" / "README").write_text("mine")
    assert sorted(corpus.load("part")) == [b"one", b"two"]
    corpus.settle("part", [b"two", b"three"])
    names = {path.name for path in (tmp_path / "corpus" / "part").iterdir()}
    assert names == {"README", digest(b"two"), digest(b"three")}


def mutated(mutate, data, other=b"", times=300):
    random = Random(5)  # noqa: S311
    return [mutate(data, other or data, random, [b"word"]) for _ in range(times)]


def test_json_stays_json_most_of_the_time():
    def is_json(data):
        try:
            json.loads(data)
        except ValueError:
            return False
        return True

    made = mutated(mutate_json, SEED["json"])
    assert sum(map(is_json, made)) > 250
    assert len(set(made)) > 100


def test_data_objects_keep_their_lengths_half_of_the_time():
    def is_tlv(data):
        try:
            return bool(parse(data)[0].members)
        except Exception:  # noqa: BLE001
            return False

    assert sum(map(is_tlv, mutated(mutate_objects, SEED[bytes]))) > 60


@pytest.mark.parametrize("mutate", [mutate_bytes, mutate_json, mutate_lines, mutate_objects, mutate_table])
@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"{", b"\n\n", b"[" * 5000, bytes(MOST_BYTES + 5), *SEED.values()])
def test_mutations_take_anything_and_stay_within_their_limit(mutate, data):
    assert all(len(made) <= MOST_BYTES for made in mutated(mutate, data, b"\x80other\n", 60))


@pytest.mark.parametrize("form", ["bytes", "json"])
def test_records_take_values_of_others_and_still_encode(form):
    cross, example = RecordMutation(Borrower, lambda: seed_records(Borrower)), Borrower.example()
    data = example.encode() if form == "bytes" else json.dumps(example.to_json()).encode()
    read = Borrower.decode if form == "bytes" else lambda made: Borrower.from_json(json.loads(made))
    sound = []
    for made in mutated(getattr(cross, f"of_{form}"), data):
        with suppress(Exception):
            sound.append(read(made))
    assert len({one.expires for one in sound}) > 5
    assert len([one for one in sound if one.expires != example.expires and one.status != example.status]) > 1


def test_a_record_that_cannot_be_crossed_has_its_bytes_changed():
    cross = RecordMutation(Borrower, lambda: [None])
    assert all(isinstance(made, bytes) for made in mutated(cross.of_bytes, Borrower.example().encode()))


def test_words_of_the_code_get_into_inputs():
    assert any(b"word" in made for made in mutated(mutate_bytes, b"0123456789"))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\x00\xff" * 100, False),
        (b"plain", True),
        ('quotes " \' \\ \0 \U0001f363\n"""\nlast'.encode(), True),
        (b"\xff not text", True),
    ],
)
def test_a_written_test_calls_its_check_with_just_that_input(data, text):
    call = Call("from json import loads", "Stamp.sheet", ("from stamp import Stamp", "import os"), ("A = 1",), text)
    reason = Reason("KeyError", "codec/text.py, read", 'breaks """ here \\', "> 00a4\n# step 2")
    source = write_test("stamp", "sheet.bytes", call, reason, data, "0a1b2c3d")
    tree = ast.parse(source)
    (constant,) = [node for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "DATA"]
    assert eval(compile(ast.Expression(constant.value), "", "eval")) == data  # noqa: S307
    assert "\n# > 00a4\n# step 2\n" in source
    assert "    loads(Stamp.sheet, DATA)\n" in source
    assert max(map(len, source.splitlines())) <= 120 or text


def test_the_same_reason_in_the_same_part_has_the_same_file():
    one = Finding("part", Reason("KeyError", "a.py, f", "one"), b"1", "")
    other = Finding("part", Reason("KeyError", "a.py, f", "two"), b"2", "")
    assert one.file_name == other.file_name
    assert one.file_name != Finding("other", one.reason, b"1", "").file_name


def test_the_cell_holds_the_last_input_even_when_it_is_too_large():
    cell = bytearray(CELL)
    write_cell(cell, 3, b"input")
    assert read_cell(cell) == (3, b"input")
    write_cell(cell, 4, bytes(2 * CELL))
    number, data = read_cell(cell)
    assert (number, len(cell)) == (4, CELL)
    assert not any(data)
