"""Readers of dumps, each a stream: none holds more than a page or a line."""
