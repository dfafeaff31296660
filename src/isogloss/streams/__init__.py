"""Endless batches, each a pure function of the seed and its number."""
