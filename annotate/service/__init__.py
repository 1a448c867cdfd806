"""Training, the quality of labels, and findings, for annotators who label on a server."""
