"""Splits: which articles must stay together, and splits and folds that keep them together."""

SPLITS = ("train", "validation", "test")
"""The names that a split can have: those that Hugging Face knows, in its order."""
