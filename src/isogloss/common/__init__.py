"""What every other part stands on: errors, randomness, processes, files, languages."""
