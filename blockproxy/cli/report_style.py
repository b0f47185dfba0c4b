"""The style sheet of the report's page: light and dark, on a telephone and on a wide screen, and on paper."""

STYLE = """
html { color-scheme: light dark; }
:root {
  --paper: #f6f5f1; --card: #ffffff; --ink: #1c2430; --quiet: #5c6673; --line: #e3e1da; --track: #eceae4;
  --blocked: #1f7a68; --reported: #d98a2b; --accent: #1f7a68;
  --l0: #eceae4; --l1: #c3e3da; --l2: #86c7b6; --l3: #3d9c86; --l4: #175e50; --on: #ffffff;
}
@media (prefers-color-scheme: dark) { :root {
  --paper: #12161b; --card: #1a2027; --ink: #e8ebee; --quiet: #9aa5b1; --line: #2b333d; --track: #262e37;
  --blocked: #4fc0a6; --reported: #e8a552; --accent: #6fd3bb;
  --l0: #242b33; --l1: #1f4a43; --l2: #2a7364; --l3: #3fa58f; --l4: #7fe0c8; --on: #0d1614;
} }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: clamp(1rem, 4vw, 3rem) clamp(1rem, 4vw, 2rem) 4rem; }
header p.days { color: var(--quiet); margin: 0; letter-spacing: .02em; }
h1 { font: 600 clamp(1.7rem, 5.2vw, 2.7rem)/1.15 Georgia, "Times New Roman", serif; margin: .3rem 0 .6rem; }
header p.lead { font-size: 1.1rem; max-width: 40em; margin: 0 0 1.6rem; color: var(--quiet); }
h2 { font-size: 1.05rem; margin: 0 0 .2rem; }
p.note { color: var(--quiet); margin: 0 0 1rem; font-size: .92rem; max-width: 46em; }
.tiles { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); }
.tiles, .key { margin: 0 0 1rem; padding: 0; }
.tiles li, section { background: var(--card); border: 1px solid var(--line); border-radius: 14px; }
.tiles li { list-style: none; padding: .9rem 1.1rem; color: var(--quiet); font-size: .9rem; }
.tiles strong { display: block; color: var(--ink); font-size: 1.7rem; line-height: 1.2; }
.cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 23rem), 1fr)); }
section { padding: 1.3rem clamp(1rem, 3vw, 1.6rem); margin: 0; min-width: 0; }
section.full { grid-column: 1 / -1; }
svg { display: block; max-width: 100%; height: auto; }
svg.wide { width: 100%; } svg.calendar { max-width: none; }
.matrix svg { min-width: 560px; max-width: 760px; }
text { fill: var(--ink); font: 14px system-ui, sans-serif; }
text.small { fill: var(--quiet); font-size: 12px; } text.value { fill: var(--quiet); }
.track { fill: var(--track); } .blocked { fill: var(--blocked); } .reported { fill: var(--reported); }
.level0 { fill: var(--l0); } .level1 { fill: var(--l1); } .level2 { fill: var(--l2); }
.level3 { fill: var(--l3); } .level4 { fill: var(--l4); }
text.on1, text.on2, text.on3, text.on4 { font-size: 12px; } text.on4 { fill: var(--on); }
.key { display: flex; flex-wrap: wrap; gap: 1.2rem; color: var(--quiet); font-size: .88rem; }
.key { margin: 1rem 0 0; }
.key li { list-style: none; display: flex; gap: .45rem; align-items: center; } .key svg { flex: none; }
.scroll { overflow-x: auto; } .scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: 4px; }
.scroll + .scroll { margin-top: 1.2rem; }
table { border-collapse: collapse; width: 100%; font-size: .95rem; }
th { text-align: left; font-weight: 500; color: var(--quiet); font-size: .85rem; white-space: nowrap; }
th, td { padding: .5rem .9rem .5rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody tr:last-child td { border-bottom: 0; } th:last-child, td:last-child { padding-right: 0; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
details { margin-top: .8rem; color: var(--quiet); font-size: .9rem; } summary { cursor: pointer; color: var(--accent); }
code { font: .88em ui-monospace, monospace; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.2rem; margin: .6rem 0 1rem; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
footer { color: var(--quiet); font-size: .88rem; margin-top: 2rem; max-width: 52em; }
@media (max-width: 34rem) { text.label, text.value { font-size: 19px; } }
@media (max-width: 34rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .6rem; } }
@media print { body { background: none; } .tiles li, section { break-inside: avoid; } }
"""
