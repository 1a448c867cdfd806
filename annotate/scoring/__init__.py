"""Scores of a system's labels against gold, whatever format they come in.

- `score`: precision, recall and F1, with the matching and the intervals of agreement; `token_tags`: the same for tags
  of tokens; `selection`: which labels are scored; `score_tables`: the output.
- `compare`: two systems, by a paired bootstrap; `tallied_measures`: what is measured of each.
- `ceiling`: what gold itself scores in the form of the predictions.
- `prediction_files`: recognises the form of labels and reads them; `article_rows`: rows of the table `articles`, with
  offsets or quotes; `table_rows`: rows of relations and records; `tagged_tokens`: BIO tags, as rows of the table
  `tokens` or lines of CoNLL; `pipeline_output`: token classification of transformers; `exported_files`: brat, XMI,
  DocBin and CSV.
"""
