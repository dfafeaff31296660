"""The final model of a run in a folder that loads without this package, and how that is checked."""

from __future__ import annotations
