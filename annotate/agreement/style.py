"""How the page looks: in one place, with what the reader's system has; dark letters on light ground, and for print."""

STYLE = """
:root { color-scheme: light; }
body { margin: 2rem auto; padding: 0 1.5rem; max-width: 76rem; color: #1c2024; background: #fff;
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; }
h2 { font-size: 1.15rem; margin: 2.4rem 0 .6rem; border-bottom: 1px solid #dde1e6; padding-bottom: .3rem; }
h3 { font-size: .95rem; margin: 0 0 .4rem; }
small, .about, .notes { color: #5b6570; font-weight: normal; }
small { font-size: .82em; white-space: nowrap; }
.about { margin: .3rem 0; max-width: 60rem; }
.notes { font-size: .85rem; margin: .4rem 0; padding-left: 1.1rem; }
nav { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; margin: 1rem 0; }
a { color: #1f5fa8; }
.wide { overflow-x: auto; }
table { border-collapse: separate; border-spacing: 1px; font-size: .9rem; }
th, td { padding: .25rem .6rem; text-align: left; white-space: nowrap; }
thead th { color: #5b6570; font-weight: 600; vertical-align: bottom; border-bottom: 1px solid #dde1e6; }
tbody th { font-weight: 500; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
td.none { color: #9aa3ad; }
th.up { padding: .3rem .1rem; }
th.up span { writing-mode: vertical-rl; transform: rotate(180deg); }
details { margin: 1rem 0; }
summary { font-weight: 600; cursor: pointer; padding: .4rem 0; }
summary a { font-weight: normal; margin-left: .6rem; }
section { border: 1px solid #dde1e6; border-radius: 6px; padding: .7rem .9rem; margin: .6rem 0;
  break-inside: avoid; }
.two { display: grid; grid-template-columns: max-content 1fr; gap: .4rem .9rem; }
.who { font-weight: 600; color: #5b6570; padding-top: .15rem; }
.has { border-left: 3px solid #c6ccd3; padding-left: .7rem; }
.has p { margin: 0; }
.has.absent { color: #78828d; border-left-style: dashed; }
.words { font-size: .85rem; color: #5b6570; }
.value { margin-left: .7rem; }
mark { color: inherit; padding: .08rem 0; border-bottom: 2px solid; }
mark.tail, mark.head.tail { border-bottom: 4px double; }
@media print { body { margin: 0; max-width: none; } nav { display: none; } }
"""
