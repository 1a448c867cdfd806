"""Language models label articles: prompts made from the inventory, answers placed in the text, a ledger of requests.

`prompts` and `answer_schema` say what a model is asked, `json_answers` and `tagged_answers` read what it answers,
`model_answer` is what both give. `guideline_pages` chooses what of the guidelines fits into a prompt. `grounding`
places quotes in the text, `error_removal` leaves labels without errors, and `labeller` puts the requests and answers of
one article together.

`endpoint` says where a model is, `http_post` sends one request, and `chat_client` asks. `ledger` keeps each answer,
`budget` counts and limits, and `session` puts the three together. `prelabel` runs over a corpus with `article_queue`,
and `run_record` says what it did.
"""
