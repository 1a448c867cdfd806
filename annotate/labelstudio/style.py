"""The style sheet of the labelling screen, which Label Studio takes with the config.

The labels stay in sight above the text, the selected region's attributes beside both. Where versions are compared,
there are neither attributes nor arrows, and the texts have the room. The lines are so wide apart that the words on
the arrows of relations stand between them and hide nothing. White space is shown as it is: a browser quotes what it
shows, and the words quoted with a region are what its offsets are checked against. Colours are the server's own, so
that its dark mode works too; names in a label's colour, as in the lists of regions and relations, would be too faint
on one of the two grounds. The handles that resize a region are `area` elements, which Chromium hides of itself. No
`>` may stand here: the page takes the style out of the XML as it is escaped there.
"""

STYLE = """
.sheet { display: grid; grid-template-columns: minmax(0, 1fr) 276px; gap: 0 20px; align-items: start; }
.head { position: sticky; top: 0; z-index: 120; padding: 2px 0 6px; margin-bottom: 18px;
  background: var(--color-neutral-background); border-bottom: 1px solid var(--color-neutral-border); }
.head h3 { font-size: 17px; line-height: 1.3; margin: 2px 0 6px !important; }
.layers { display: flex; flex-wrap: wrap; gap: 4px 22px; }
.layer h4 { font-size: 12px; line-height: 1.2; margin: 0 0 3px !important; color: var(--color-neutral-content-subtle); }
.layer .lsf-labels { margin: 0; }
.layer .lsf-label { margin: 0 5px 4px 0; }
.layer .lsf-label__hotkey { color: inherit; }
.reading { max-width: 46em; }
.reading .lsf-richtext__container { font-size: 16px; line-height: 3; white-space: pre-wrap; }
.reading .htx-highlight area { display: block; }
.side { grid-column: 2; grid-row: 1 / span 2; position: sticky; top: 8px; max-height: calc(100vh - 160px);
  overflow-y: auto; }
.lsf-wrapper_viewAll .sheet { display: block; }
.lsf-wrapper_viewAll .side { display: none; }
.lsf-wrapper_viewAll .lsf-richtext__container { line-height: 2; }
.side h3 { font-size: 16px; margin: 0 0 6px !important; }
.side h4 { font-size: 13px; line-height: 1.2; margin: 10px 0 2px !important;
  color: var(--color-neutral-content-subtle); }
.side sup { opacity: 0.5; }
.side input[type="number"] { width: 7em; }
.relations-overlay rect[fill="#a0a"] { fill: #4b5563; stroke: var(--color-neutral-background); }
.lsf-labels-list, .lsf-labels-list span { color: var(--color-neutral-content) !important; }
.lsf-outliner-item__index, .lsf-detailed-region__index { background: none !important;
  border: 1px solid var(--color-neutral-border); }
.lsf-outliner-item__index, .lsf-detailed-region__index_value { color: var(--color-neutral-content) !important; }
"""
