"""The views in which texts are scored: as they are, or by way of translations."""

from __future__ import annotations

from isogloss.common.errors import IsoglossError, nearest

VIEWS = ("original", "translate-test", "with-translate-test", "with-gold-source")
"""How the text of an example can reach the model; `isogloss.evaluate` says what each is."""


def check_view(view: str) -> None:
    """Stop unless there is a view of that name.

    Raises:
        IsoglossError: There is none.
    """
    if view not in VIEWS:
        raise IsoglossError(f"view: no view {view!r}{nearest(view, VIEWS)}")
