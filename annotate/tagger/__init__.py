"""Taggers that are trained on labelled articles: conditional random fields on the words of each paragraph."""
