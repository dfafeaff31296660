"""A training step: the loop, and which data it sees, what may move, what it cost in loss."""
