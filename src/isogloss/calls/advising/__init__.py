"""What `isogloss advise` looks at, and the rules that make advice of it, a file each."""
