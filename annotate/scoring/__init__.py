"""Scores of a system's labels against gold, whatever format they come in.

- `score`: precision, recall and F1, with the matching and the intervals of agreement.
- `prediction_files`: recognises the form of labels and reads them; `article_rows`: rows of the table `articles`, with
  offsets or quotes; `table_rows`: rows of relations and records; `tagged_tokens`: BIO tags, as rows of the table
  `tokens` or lines of CoNLL; `pipeline_output`: token classification of transformers; `exported_files`: brat, XMI,
  DocBin and CSV.
"""
