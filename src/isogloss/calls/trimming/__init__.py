"""A model cut to the sub-words of some languages: which texts are counted, how it is checked, and what is told."""

from __future__ import annotations
