"""Changing the inventory, the corpus and the live projects together, or nothing at all."""
