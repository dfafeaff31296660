"""The kinds of `isogloss probe`, a file each."""
