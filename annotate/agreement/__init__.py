"""Agreement between annotators: what is compared, how it is counted, and what is not measured here.

matching        which spans of two annotations are the same: exactly, or by overlap; for scoring a system, too
coefficients    alpha, kappa, F1, agr, each a function of additive counts; `unitizing`: alpha for units cut out freely
positions       a text as characters or tokens, and the labels that each has
study           the versions of the articles side by side
spans, attributes, relations, roles             what is counted of each
bootstrap       intervals, by article or by paragraph
measure, report                                 a study → all its measures, as plain data
tables, page, disagreements, snippets, style    how they are shown
adjudication    from the versions to gold

Worth knowing when reading the figures: an interval from a few paragraphs that all agree is a point, which says that no
difference was seen and not that none is to be expected. Spans of one label that overlap in one version are one unit for
uα and one stretch for alpha. uα over many short units in a long text comes close to alpha, as gaps outweigh units.

Gamma (Mathet, Widlöcher and Métivier 2015) is not computed. Its library, pygamma-agreement 0.5.9, can be installed
beside the rest, but with some thirty packages (684 MB with what they share; solvers, one of them under the GPL), and
without the solver that it prefers it warns on every run: too much for one more coefficient.
"""
