"""Coverage-guided fuzzing of applets and parsers: inputs changed again and again, kept when they reach new code.

The engine is plain Python: `probes` tells which blocks of code an input ran, `mutation` and `forms` change inputs,
`search` runs all cores. What must hold for an input stands in `checks`; findings become tests that call it.
"""

from yohaku.testing.fuzz.corpus import Corpus
from yohaku.testing.fuzz.finding import BrokenInvariantError, Finding, Reason
from yohaku.testing.fuzz.mutation import Mutation, mutate_bytes
from yohaku.testing.fuzz.search import Figures, Search, SearchError
from yohaku.testing.fuzz.source import Call
from yohaku.testing.fuzz.target import Part, Target

__all__ = [
    "BrokenInvariantError",
    "Call",
    "Corpus",
    "Figures",
    "Finding",
    "Mutation",
    "Part",
    "Reason",
    "Search",
    "SearchError",
    "Target",
    "mutate_bytes",
]
