"""The Label Studio room: a corpus onto a server, and what people label there back into the corpus.

Pure: config, instructions, tasks, results, rules. Touching the outside: server (starts and stops one here), client (the
SDK, wrapped once), and push, pull and compare, which go through the client.
"""
