"""Measure codecs against each other: ``python tests/benchmarks/codec/run.py [--setup] [--rounds N] [--write FILE]``.

``--setup`` makes a virtual environment of its own (``build/codec-bench``) with every peer and runs there.
Every peer that must give the card's bytes is checked to give them before anything is timed.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
HOME = ROOT / "build" / "codec-bench"
REQUIREMENTS = (
    "construct",
    "construct-typing",
    "kaitaistruct",
    "bytestruct",
    "neoconstruct",
    "rustruct",
    "dissect.cstruct",
    "protobuf",
    "cbor2",
    "msgspec",
    "asn1tools",
    "numpy",
)
MODULES = (
    "hand",
    "ours",
    "opaque",
    "with_construct",
    "with_kaitai",
    "with_bytestruct",
    "with_neoconstruct",
    "with_rustruct",
    "with_dissect",
    "with_protobuf",
    "with_cbor2",
    "with_msgspec",
    "with_asn1tools",
)

if TYPE_CHECKING:
    from measure import Job
    from peer import Coder, Peer


def set_up() -> Path:
    """Make the environment; a package that pip cannot install is left out and shows up in the table as such."""
    python = HOME / "bin" / "python"
    if not python.exists():
        venv.create(HOME, with_pip=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--editable", str(ROOT)], check=True)
    for requirement in REQUIREMENTS:
        if subprocess.run([*pip, requirement], check=False).returncode:
            print(f"not installed: {requirement}")
    from peers.kaitai_compiler import install

    install(HOME)
    return python


def load() -> tuple[list[Peer], dict[str, str]]:
    """Import the peers; give them and the reasons why others are missing."""
    peers: list[Peer] = []
    missing: dict[str, str] = {}
    for name in MODULES:
        try:
            peers += importlib.import_module(f"peers.{name}").PEERS
        except Exception as error:  # noqa: BLE001 - whatever a peer raises on import is the reason it is missing
            missing[name.removeprefix("with_")] = f"{type(error).__name__}: {error}"
    return peers, missing


def faults(peer: Peer, record: str, coder: Coder) -> str:
    """Compare bytes and values with the hand-written codec's; give what differs first, or nothing."""
    from data import samples
    from peers.hand import PEERS

    reference = PEERS[0].coders[record]
    for value in samples(record):
        data = coder.encode(coder.native(value))
        if peer.same_bytes and data != reference.encode(value):
            return f"gives {data.hex()} for {value}"
        if (back := coder.plain(coder.decode(data))) != value:
            return f"gives {back} for {value}"
    return ""


def jobs_of(peers: list[Peer], missing: dict[str, str]) -> list[Job]:
    """Check every coder and make the timing jobs of those that are right."""
    from data import samples
    from measure import Job

    jobs = []
    for peer in peers:
        for record, coder in list(peer.coders.items()):
            try:
                fault = faults(peer, record, coder)
            except Exception as error:  # noqa: BLE001 - whatever a peer raises is its result
                fault = f"{type(error).__name__}: {error}"
            if fault:
                missing[f"{peer.name}, {record}"] = fault
                del peer.coders[record]
                continue
            natives = [coder.native(value) for value in samples(record)]
            encodings = [coder.encode(value) for value in natives]
            jobs.append(Job(peer.name, record, "decode", coder.decode, encodings))
            jobs.append(Job(peer.name, record, "encode", coder.encode, natives))
    return jobs


def main() -> None:
    """Set up, or load, check, measure and report."""
    parser = argparse.ArgumentParser(description="Measure codecs against each other.")
    parser.add_argument("--setup", action="store_true", help="make the environment with the peers and run in it")
    parser.add_argument("--rounds", type=int, default=15, help="rounds over all peers (default 15)")
    parser.add_argument("--write", type=Path, help="write the page there as well")
    parser.add_argument("--only", help="names of peers, comma-separated parts")
    options = parser.parse_args()
    if options.setup:
        arguments = [argument for argument in sys.argv[1:] if argument != "--setup"]
        raise SystemExit(subprocess.run([str(set_up()), __file__, *arguments], check=False).returncode)
    from columns import measure_columns
    from foreign import measure_foreign
    from measure import measure
    from report import page
    from sizes import bounds
    from startup import measure_startup
    from tables import measure_tables

    peers, missing = load()
    if options.only:
        wanted = [*options.only.split(","), "hand"]
        peers = [peer for peer in peers if any(part in peer.name for part in wanted) or peer.name == "construct"]
    jobs = jobs_of(peers, missing)
    rates = measure(jobs, options.rounds)
    more = {
        "Constructs from elsewhere": measure_foreign(),
        "Columns": measure_columns(options.rounds),
        "Tables": measure_tables(),
        "First use": measure_startup(),
    }
    text = page(peers, rates, missing, bounds(), more, options.rounds)
    print(text)
    if options.write:
        options.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
