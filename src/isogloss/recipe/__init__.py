"""Recipes: the only place where a name becomes an object."""
