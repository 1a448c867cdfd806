"""Tests of taggers that are trained on labelled articles."""
