"""A run: its folder, checkpoints, history, costs, and how it is measured."""
