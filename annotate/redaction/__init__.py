"""Redaction: a corpus without its texts as a skeleton, and the way back with a reader's copies."""
