"""What `isogloss reproduce` knows of papers, runs of them and holds beside their figures, a file each."""
