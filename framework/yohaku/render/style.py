"""Colours and patterns that the SVG and the HTML share: each field has both, and dark letters on a light ground."""

from __future__ import annotations

COLOURS = (
    "#bfdbfe",
    "#fed7aa",
    "#bbf7d0",
    "#fbcfe8",
    "#fef08a",
    "#a5f3fc",
    "#fecaca",
    "#ddd6fe",
    "#d9f99d",
    "#f5d0fe",
    "#99f6e4",
    "#e7d8c4",
)
"""Backgrounds of fields, told apart by neighbours."""

STROKES = ("", "M0 8L8 0", "M4 3v2", "M0 4h8", "M0 0L8 8", "M4 0v8")
"""Patterns of fields as paths in a square of 8 pixels: none, rising, dots, level, falling, upright."""

SPECIAL = {"reserved": "M0 8L8 0M0 4L4 0M4 8L8 4", "frame": "M0 8L8 0M0 0L8 8", "free": "M2 2h1M6 6h1"}
"""Patterns of what is no value: reserved and constant, tags and lengths, free."""

FONTS = 'system-ui,"Noto Sans CJK JP","Noto Sans JP","Hiragino Sans","Yu Gothic UI",Meiryo,sans-serif'
MONOSPACE = 'ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,"Noto Sans Mono CJK JP",monospace'

_CSS = """
svg{--page:#fff;--ink:#1f2937;--faint:#5b6472;--edge:#4b5563;--plain:#e5e7eb}
@media(prefers-color-scheme:dark){svg{--page:#14181f;--ink:#e6e9ee;--faint:#a3adba;--edge:#94a3b8;--plain:#cbd2db}}
svg .page{fill:var(--page)}
svg text{font:13px FONTS;fill:var(--ink)}
svg .title{font-size:19px;font-weight:700}
svg .heading{font-size:16px;font-weight:700}
svg .strong,svg .head{font-weight:600}
svg .faint,svg .head{fill:var(--faint)}
svg .mono{font-family:MONO;font-size:12.5px}
svg .end{text-anchor:end}
svg .middle{text-anchor:middle}
svg .run text,svg .chip text{fill:#111827}
svg .fill{stroke:none}
svg .plain .fill{fill:var(--plain)}
svg .free .fill{fill:none;pointer-events:all}
svg .free text{fill:var(--faint)}
svg .edge{fill:none;stroke:var(--edge);stroke-width:1.2;stroke-linecap:square}
svg .branch{fill:none;stroke:var(--faint);shape-rendering:crispEdges}
"""


def colour(number: int) -> str:
    """Give the background of field ``number``."""
    return COLOURS[number % len(COLOURS)]


def pattern(kind: str, number: int) -> str:
    """Give the name of the pattern of a run; empty when it has none."""
    if kind in SPECIAL:
        return kind
    index = number % len(STROKES)
    return f"p{index}" if kind == "field" and STROKES[index] else ""


def patterns() -> str:
    """Write the pattern definitions of an SVG."""
    strokes = {f"p{index}": path for index, path in enumerate(STROKES) if path} | SPECIAL
    return "".join(
        f'<pattern id="{name}" width="8" height="8" patternUnits="userSpaceOnUse"><path d="{path}" fill="none" '
        f'stroke="{"#64748b" if name in SPECIAL else "#111827"}" stroke-opacity="{_opacity(name)}"/></pattern>'
        for name, path in strokes.items()
    )


def _opacity(name: str) -> str:
    return {"frame": "0.3", "free": "0.8"}.get(name, "0.5" if name in SPECIAL else "0.16")


def stylesheet() -> str:
    """Write the style of an SVG."""
    return _CSS.strip().replace("FONTS", FONTS).replace("MONO", MONOSPACE)
