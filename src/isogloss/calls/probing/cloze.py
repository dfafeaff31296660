"""Typed cloze as in mLAMA: which of the objects of a relation does a model put into the gap?"""

from __future__ import annotations

from isogloss.calls.probing.gaps import open_gaps
from isogloss.calls.probing.probed import Probed
from isogloss.common.progress import progress
from isogloss.diagnostics.knowledge.cloze import cloze as cloze_of
from isogloss.diagnostics.knowledge.finding import Finding


def cloze(probed: Probed, *, data: str | None = None, limit: int | None = None) -> tuple[str, list[Finding]]:
    """Accuracy@1 and MRR of the object among all objects of its relation, means over relations.

    Args:
        probed: The model, with its masked-LM head.
        data: Folder in the format of mLAMA, see `isogloss.data.mlama`.
        limit: Facts of a relation in a language, at most; None: all.

    Returns:
        Name of the folder, and what was found; views ``all``, ``one-sub-word`` and ``several-sub-words`` by the object.

    Raises:
        IsoglossError: No data are named, they have an error, or the model has no masked-LM head.
    """
    gaps = open_gaps(probed, data, limit)
    with progress(len(gaps), "cloze") as done:
        found = [
            finding
            for language, relations in gaps.relations.items()
            for finding in cloze_of(relations, language, gaps.form, gaps.filler, done)
        ]
    return gaps.data, found
