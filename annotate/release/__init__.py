"""Release a corpus: the rules that it must pass (V), the release folder and its tag, and the check of a download."""
