"""Helpers that know nothing of corpora: files, processes, escaping, tables."""
