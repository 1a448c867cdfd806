"""The bulk path: Label Studio exports of any size → the same checked dataset that `annotate build` writes."""
