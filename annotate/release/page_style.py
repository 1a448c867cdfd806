"""How the page of a release looks: on a phone, on a wide screen, light and dark, and on paper."""

STYLE = """
:root { color-scheme: light dark; --ink: #1c2024; --soft: #55606b; --line: #d5dae0; --ground: #fff; --box: #f5f6f8;
  --link: #1f5fa8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7ea; --soft: #a3adb8; --line: #3d444c; --ground: #14171a;
  --box: #1d2125; --link: #8ab8ee; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.2rem 1rem 4rem; max-width: 60rem; color: var(--ink); background: var(--ground);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.25rem; margin: 2.6rem 0 .6rem; border-bottom: 1px solid var(--line); padding-bottom: .3rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .5rem; }
small, .about, .notes, .values, .note { color: var(--soft); font-weight: normal; }
small, .notes { font-size: .85rem; }
.about { margin: .3rem 0; }
a { color: var(--link); }
nav { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; margin: 1rem 0; }
nav a { padding: .2rem 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { padding: .25rem .6rem .25rem 0; text-align: left; vertical-align: top; overflow-wrap: normal; }
thead th { color: var(--soft); font-weight: 600; border-bottom: 1px solid var(--line); vertical-align: bottom; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.none { color: var(--soft); }
td.heat { background: none !important; }
.labels { width: 100%; max-width: 38rem; }
.labels th { padding-top: .8rem; }
.share { width: 60%; }
.share i { display: block; height: .75rem; margin-top: .4rem; background: var(--soft); }
.tag { display: inline-block; padding: 0 .35em; margin: 0 .25em 0 0; border-radius: 3px; text-decoration: none;
  font: 600 .68rem/1.45 system-ui, sans-serif; vertical-align: .12em; }
.tag:target, li:target { outline: 3px solid var(--link); outline-offset: 2px; }
.u { border-bottom: 3px solid; }
.text { margin: 1rem 0 .3rem; line-height: calc(1.55em + var(--room, 0px)); }
.entries, .entries ul { list-style: none; margin: .2rem 0; padding-left: 0; font-size: .9rem; }
.entries ul { padding-left: 1.2rem; }
.entries > li { padding: .3rem 0; border-top: 1px solid var(--line); }
.entries li { overflow-wrap: anywhere; }
.note { font-style: italic; }
.values b { font-weight: 600; color: var(--ink); }
q { quotes: "“" "”"; }
details { margin: 0 0 .8rem; }
summary { cursor: pointer; color: var(--soft); font-size: .85rem; padding: .35rem 0; }
.incident { background: var(--box); border-radius: 6px; padding: .2rem .9rem .6rem; margin: .8rem 0;
  break-inside: avoid; }
.incident h3 { margin: .6rem 0; font-weight: 600; }
.several { display: inline-block; border: 1px solid; border-radius: 3px; padding: 0 .35em; font-size: .75rem; }
.claim { border-top: 1px solid var(--line); padding: .4rem 0; break-inside: avoid; }
.claim p { margin: 0 0 .2rem; }
.bar { display: grid; grid-template-columns: minmax(0, 1fr) 9.5rem; gap: .6rem; align-items: center; }
.bar svg { display: block; width: 100%; overflow: visible; fill: var(--ink); stroke: var(--ink); }
.bar circle, .bar path { stroke: none; }
.bar line { stroke-width: 4; }
.bar .open { stroke-width: 2.5; stroke-dasharray: 7 4; }
.bar .none { stroke-width: 1; stroke-dasharray: 1 6; }
.axis svg { fill: var(--soft); stroke: var(--soft); }
.axis line { stroke-width: 1; }
.axis text { stroke: none; font-size: 11px; }
.figure { font-size: .85rem; line-height: 1.25; }
.switch { display: inline-block; padding: .3rem 0; }
body:has(#names:not(:checked)) .text .tag { display: none; }
@media (max-width: 34rem) {
  td small { display: block; }
  .bar { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .figure { margin-bottom: .2rem; }
}
@media print {
  :root { --ink: #000; --soft: #444; --line: #bbb; --ground: #fff; --box: #fff; --link: #000; color-scheme: light; }
  body { font-size: 10.5pt; max-width: none; padding: 0; }
  nav, .switch { display: none; }
  table { font-size: 9pt; }
  td small { display: block; }
  tr { break-inside: avoid; }
  .tag { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .share i { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .incident { border: 1px solid var(--line); }
  h2, h3, summary { break-after: avoid; }
  details::details-content { content-visibility: visible; display: block; }
  .entries { columns: 2; column-gap: 2em; }
  .entries > li { break-inside: avoid; }
}
"""
