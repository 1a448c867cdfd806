"""Agreement between annotators: what is compared, how it is counted, and how it is shown; adjudication to gold.

- `study`: the articles that are compared, with their annotations side by side; `positions`: a text as a row of tokens
  or characters, with the labels of each.
- `matching`: which spans of two annotations are the same, exactly or by overlap.
- `tally`, `span_tallies`, `attribute_tallies`, `relation_tallies`, `record_tallies`, `interval_tallies`: additive
  counts by paragraph.
- `coefficients`: alpha, uα, kappa, F1 and agr as functions of counts; `bootstrap`: their intervals.
- `measure`: makes the `report` of a study; `gamma`: an optional measure by another library.
- `tables`, `page`, `disagreements`: how a report is shown.
- `decisions`: the decisions of `annotate.adjudication` on disk; `relabel`: these decisions
  after a change of labels.

To read the figures: an interval from a few paragraphs that all agree is a point. It says that no difference was seen,
not that none is to be expected. Spans of one label that overlap in one annotation are one unit for uα and one stretch
for alpha. uα over many short units in a long text comes close to alpha, since gaps outweigh units.
"""
