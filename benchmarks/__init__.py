"""Speed and memory, measured against a peer in the same run. ``python -m benchmarks`` runs all of it."""
