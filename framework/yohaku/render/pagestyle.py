"""Style and script of an applet's HTML page."""

from __future__ import annotations

from yohaku.render.style import FONTS, MONOSPACE

STYLE = (
    """
:root{color-scheme:light dark;--paper:#fff;--text:#1f2937;--soft:#5b6472;--line:#d5dae1;--mark:#b91c1c;--grey:#e5e7eb}
@media(prefers-color-scheme:dark){:root{--paper:#14181f;--text:#e6e9ee;--soft:#a3adba;--line:#3a4350;--mark:#fca5a5;
--grey:#cbd2db}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1240px;padding:24px;font:15px/1.55 FONTS;color:var(--text);background:var(--paper)}
h1{font-size:26px;margin:0 0 4px}h2{font-size:19px;margin:36px 0 0}
th,td{text-align:left;padding:1px 14px 1px 0}
h1 small,h2 small{font-weight:400;color:var(--soft);font-size:.75em;margin-left:.4em}
p{margin:6px 0}header p,header ul{max-width:76ch}ul{padding-left:20px;margin:8px 0}
code,.hex,.value{font-family:MONO;font-size:13px}
.pair{display:grid;grid-template-columns:max-content minmax(340px,1fr);gap:20px 28px;align-items:start;margin:14px 0}
.map{grid-column:1/-1;overflow-x:auto}.map svg{display:block;max-width:100%;height:auto}
.defs{position:absolute}
.hex{position:sticky;top:12px;max-height:calc(100vh - 24px);overflow:auto;padding:4px}
.row{display:flex}.row span{width:30px;text-align:center}
.row .at{width:44px;padding-right:12px;text-align:right;color:var(--soft);line-height:34px}
.ruler{color:var(--soft);font-size:11px}
.byte{position:relative;height:34px;padding-top:3px;line-height:30px;overflow:hidden;color:#111827;background-color:var(--ground,var(--grey));
border:solid var(--paper);border-width:1px 0;cursor:default}
.byte.opening{border-left:2px solid var(--text)}
.byte[data-key]::before{content:attr(data-key);position:absolute;left:3px;top:1px;font:700 9px/1 FONTS}
.rest{color:var(--soft);font-size:12px;margin-left:44px}
.byte.reserved,.key.reserved{background-image:repeating-linear-gradient(135deg,#64748b66 0 1px,transparent 1px 5px)}
.byte.frame{background-image:repeating-linear-gradient(45deg,#64748b55 0 1px,transparent 1px 5px),
repeating-linear-gradient(135deg,#64748b55 0 1px,transparent 1px 5px)}
.p1{background-image:repeating-linear-gradient(135deg,#11182728 0 1px,transparent 1px 6px)}
.p2{background-image:radial-gradient(#11182740 1px,transparent 1.3px);background-size:7px 7px}
.p3{background-image:repeating-linear-gradient(0deg,#11182728 0 1px,transparent 1px 7px)}
.p4{background-image:repeating-linear-gradient(45deg,#11182728 0 1px,transparent 1px 6px)}
.p5{background-image:repeating-linear-gradient(90deg,#11182728 0 1px,transparent 1px 7px)}
.item{display:grid;grid-template-columns:30px minmax(150px,auto) minmax(80px,1fr);gap:0 10px;padding:5px 8px;
margin-left:calc(var(--depth)*18px);border-bottom:1px solid var(--line);border-radius:4px;align-items:baseline}
.item .key{grid-row:1/3;align-self:center;height:28px;line-height:26px;text-align:center;font-weight:700;color:#111827;
background-color:var(--ground);border:1px solid var(--soft);border-radius:3px}
.group>.key{visibility:hidden}.group>.name{font-weight:600}.key.reserved{background-color:var(--grey)!important}
.value{overflow-wrap:anywhere;text-align:right}.facts{grid-column:2/4;color:var(--soft);font-size:12.5px}
.personal{font-size:11px;border:1px solid;color:var(--mark);border-radius:3px;padding:0 4px;white-space:nowrap}
.lit{outline:3px solid var(--text);outline-offset:-1px;z-index:1}
.byte.lit{background:#111827;color:#fff;outline-color:#f59e0b}
.item.lit{background:color-mix(in srgb,var(--text) 9%,transparent)}
svg .run.lit{outline:none}svg .run.lit .edge{stroke-width:3.5;stroke:var(--ink)}svg .run.lit text{font-weight:700}
:focus-visible{outline:3px solid #2563eb;outline-offset:1px}
details{margin:8px 0;color:var(--soft)}summary{cursor:pointer}footer{margin-top:40px;border-top:1px solid var(--line)}
@media(max-width:900px){.pair{grid-template-columns:1fr}.hex{position:static}}
@media print{.hex{position:static;max-height:none}.byte,.key{print-color-adjust:exact}}
""".strip()
    .replace("FONTS", FONTS)
    .replace("MONO", MONOSPACE)
)

SCRIPT = """
"use strict";
for (const pair of document.querySelectorAll(".pair")) {
  const keys = JSON.parse(pair.dataset.keys);
  for (const run of pair.querySelectorAll("[data-keys]"))
    run.dataset.ids = run.dataset.keys.split(" ").map((key) => keys[key]).join(" ");
  const parts = [...pair.querySelectorAll("[data-ids]")];
  const ids = (part) => part.dataset.ids.split(" ");
  const show = (event) => {
    const from = event.target.closest("[data-ids]");
    const wanted = new Set(from ? ids(from) : []);
    const shared = (part) => (part.dataset.id ? [part.dataset.id] : ids(part)).some((id) => wanted.has(id));
    for (const part of parts) part.classList.toggle("lit", shared(part));
  };
  const hide = () => parts.forEach((part) => part.classList.remove("lit"));
  pair.addEventListener("mouseover", show);
  pair.addEventListener("focusin", show);
  pair.addEventListener("mouseleave", hide);
  pair.addEventListener("focusout", hide);
}
""".strip()
