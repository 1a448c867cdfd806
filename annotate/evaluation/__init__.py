"""Evaluation of language models on a dataset in Inspect, with the prompts of `models`, scored as by `score`.

- `task_data`: the articles of a dataset with their gold labels, and how a model labels them.
- `inspect_task`: the task for Inspect (`inspect eval`). It needs the extra `eval`, and nothing else imports it.
"""
