"""Evaluation of language models on a dataset: prompts made from the inventory, and answers scored as by `score`.

- `task_data`: the articles of a dataset with their gold labels, the inventory and the guidelines.
- `prompt`: the instructions for a model, and an article with numbered paragraphs.
- `answers`: the form of an answer, which quotes the words of spans; answers as rows of the table `articles`.
- `inspect_task`: the task for Inspect (`inspect eval`). It needs the extra `eval`, and nothing else imports it.
"""
