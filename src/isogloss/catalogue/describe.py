"""The catalogue in words: a line per set, and all of one."""

from __future__ import annotations

from typing import Any

from isogloss.catalogue import SETS, PublicSet
from isogloss.common.errors import IsoglossError, nearest


def summary(public: PublicSet) -> tuple[str, ...]:
    """Title, task, number of languages, splits, licence, and whether it was ever loaded from the hub."""
    number = len(public.languages)
    languages = "1 language" if number == 1 else f"{number} languages"
    return public.title, public.task, languages, " ".join(public.splits), public.licence, tested(public)


def tested(public: PublicSet) -> str:
    """Whether the set was ever loaded from the hub."""
    return "loaded from the hub" if public.loaded else "untested: never loaded from the hub"


def described(name: str) -> dict[str, Any]:
    """All that the catalogue says of a set.

    Raises:
        IsoglossError: There is none of this name.
    """
    if name not in SETS:
        raise IsoglossError(f"no data set {name!r} in the catalogue{nearest(name, SETS)}")
    public = SETS[name]
    labels = public.rows.labels
    return {
        "name": name,
        "title": public.title,
        "task": public.task,
        "languages": " ".join(public.languages),
        "splits": dict(public.splits),
        "absent": {split: " ".join(languages) for split, languages in public.absent.items()},
        "machine_translated": list(public.machine_translated),
        "missing": public.missing,
        "file": f"{public.rows.format}: {public.rows.contents}",
        "columns": list(public.rows.columns),
        "labels": "those that the files name, or none" if labels is None else list(labels),
        "metric": public.metric,
        "licence": public.licence,
        "hub": {
            "id": public.repository.id,
            "config": public.repository.config.format(word="LANGUAGE"),
            "revision": public.repository.revision,
            "files": list(public.repository.files),
        },
        "unverified": list(public.unverified),
        "status": tested(public),
        "data": public.entry(name),
    }
