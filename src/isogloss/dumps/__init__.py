"""Linked sentences, descriptions and facts from dumps of Wikipedia and Wikidata, or from the user's own files."""
