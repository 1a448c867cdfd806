"""Scores of a system's labels against gold, whatever format they come in.

- `score`: precision, recall and F1, with the matching and the intervals of agreement.
- `prediction_files`: reads files of labels; `article_rows`: rows of the table `articles`; `tagged_tokens`: BIO tags,
  as rows of the table `tokens` or lines of CoNLL.
"""
