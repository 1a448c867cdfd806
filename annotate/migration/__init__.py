"""Change the inventory, the corpus and the live projects together, or not at all."""
