"""Label Studio: put a corpus on a server, and bring what annotators label there back into the corpus.

Pure modules: `config` and `hotkeys`, `instructions`, `tasks`, `results` and its fast path `results_fast`,
`relation_names`, `rules`, `privacy`.
The server: `server`, `server_process`, `database` and `prepared_database` run one on this machine; `http` sends
requests, `client` knows the API, `identification` tells a server from other programs.
Both ways: `push_plan`, `push`, `predictions` and `duplicates` put the corpus on the server; `journal`, `pull` and
`quarantine` bring labels back; `compare` compares the two; `relation_updates` names relations on the server.
The team: `projects`, `annotators`, `status`, `adjudication`.
The state folder: `state`, `location` and `lock`; `adopt`, `credentials` and `accounts` renew one.
`config_drift` and `config_usage` protect labels from changes of the labelling config.
"""
