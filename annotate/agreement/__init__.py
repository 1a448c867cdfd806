"""Agreement between annotators: what is compared, how it is counted, and how it is shown.

matching        which spans of two annotations are the same: exactly, or by overlap; for scoring a system, too
coefficients    alpha, kappa, F1, agr, each a function of additive counts; `unitizing`: alpha for units cut out freely
positions       a text as characters or tokens, and the labels that each has
study           the versions of the articles side by side
spans, attributes, relations, roles             what is counted of each
bootstrap       intervals, by article or by paragraph
measure, report                                 a study → all its measures, as plain data
tables, page, disagreements, snippets, style    how they are shown
adjudication    from the versions to gold
gamma           an optional measure by another library; not in the report, as it takes seconds an article

Worth knowing when reading the figures: an interval from a few paragraphs that all agree is a point, which says that no
difference was seen and not that none is to be expected. Spans of one label that overlap in one version are one unit for
uα and one stretch for alpha. uα over many short units in a long text comes close to alpha, as gaps outweigh units.
"""
