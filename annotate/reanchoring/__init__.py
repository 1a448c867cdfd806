"""Move labels by their words to the corrected text of an article: on the server and in the corpus, or nowhere."""
