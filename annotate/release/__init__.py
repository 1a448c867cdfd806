"""Releases of a corpus: the gate before one (rules V), making one, and checking one that was downloaded."""
