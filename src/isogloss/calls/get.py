"""Local copies of public data sets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from isogloss.catalogue import SETS
from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.several import several


def get(
    name: str,
    *,
    languages: str | Sequence[str] | None = None,
    splits: str | Sequence[str] | None = None,
    output: str | Path | None = None,
    offline: bool = False,
) -> dict[str, Any]:
    """Make a local copy of a public data set from the Hugging Face hub, in a format of our own.

    Files that are there already are checked against their SHA-256 and not fetched again; downloads that were broken off
    are taken up where they ended, and kept in the hub's own cache.

    Args:
        name: Its name in the catalogue, see ``isogloss list data``.
        languages: Codes; default: all.
        splits: train, dev, test; default: all, but for machine-translated training data.
        output: Folder; default ``data/<name>``.
        offline: Whether to take the hub's cache on this machine alone.

    Returns:
        An entry of a recipe's ``data`` that reads the copy.

    Raises:
        IsoglossError: An unknown name, language or split; the hub does not answer; its files are not as the catalogue
            says; a file of the copy was changed since it was written; a failed write.
    """
    if name not in SETS:
        raise IsoglossError(f"no data set {name!r} in the catalogue{nearest(name, SETS)}")
    from isogloss.catalogue.get import copy  # with pyarrow behind it

    folder = Path(output) if output is not None else Path("data") / name
    chosen, wanted = (None if given is None else several(given) for given in (languages, splits))
    return copy(name, SETS[name], folder, languages=chosen, splits=wanted, offline=offline)
