"""A corpus without its texts, and the way back: what was taken out is put in again from a reader's own copies."""
