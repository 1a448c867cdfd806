"""Splits: which articles must stay together, and splits and folds that keep them together."""
