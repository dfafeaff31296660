"""What has been read and tokenised once, kept on disk as Arrow, by the content of what it was made from."""
