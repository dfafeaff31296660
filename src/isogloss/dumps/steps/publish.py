"""Last stage, of one task: the tables move to their places, and ``corpus.json`` says what they are."""

from __future__ import annotations

import dataclasses
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isogloss.common.writing import write_json, writing
from isogloss.dumps.plan import RESULT, Plan, identity, versions
from isogloss.dumps.sources import Kind
from isogloss.dumps.steps.described import knowledge_folders, text_folders
from isogloss.dumps.steps.finish import Finish, finished_folder
from isogloss.dumps.tables import read_counts

FORMAT = 1
_WIKIPEDIA = (
    "Text of Wikipedia, by its authors, who are listed in the history of each page: CC BY-SA 4.0 (dumps before June "
    "2023: CC BY-SA 3.0) and GFDL"
)
_WIKIDATA = "Facts, labels and descriptions of Wikidata: CC0 1.0"
_OWN = "Text and facts of other origin: as their owners say"
_LICENCES: dict[Kind, str] = {
    "pages": _WIKIPEDIA, "html": _WIKIPEDIA, "triples": _WIKIDATA, "items": _WIKIDATA, "page_props": _WIKIDATA,
    "lines": _OWN, "text": _OWN, "facts": _OWN, "relations": _OWN,
}  # fmt: skip


@dataclass(frozen=True)
class Publish:
    """The stage. What has moved already, before a kill, is left where it is."""

    plan: Plan

    def __call__(self, rank: int) -> None:
        """Move the tables, then write the summary, then remove what the build has worked with."""
        folders = [finished_folder(self.plan, number) for number in range(Finish(self.plan).tasks)]
        summary = _summary(self.plan, folders)
        with writing(self.plan.folder):
            for folder in folders:
                for path in sorted(folder.glob("*.parquet")):
                    path.replace(self.plan.folder / path.name)
        write_json(self.plan.folder / RESULT, summary)


def clear(plan: Plan) -> None:
    """Remove what a whole build has worked with."""
    shutil.rmtree(plan.work, ignore_errors=True)


def _summary(plan: Plan, finished: Iterable[Path]) -> dict[str, Any]:
    by_language = {share or "own": _sum(text_folders(plan, share)) for share in Finish(plan).shares}
    last = {
        (share or "own"): read_counts(folder)
        for share, folder in zip((*Finish(plan).shares, "facts"), finished, strict=True)
    }
    knowledge = _sum(knowledge_folders(plan))
    counts: dict[str, Any] = {name: Counter(read) for name, (read, _) in by_language.items() if read}
    for kept, _ in last.values():
        for key, number in kept.items():
            kind, _, language = key.partition(" ")
            if kind in ("sentences", "mentions", "descriptions"):  # of a dump, and of one's own files
                counts.setdefault(language, Counter())[kind] += number
            else:
                counts[key] = number
    drops: dict[str, Counter[str]] = {name: read[1] + last[name][1] for name, read in by_language.items()}
    drops["knowledge"] = knowledge[1] + last["facts"][1]
    return {
        "format": FORMAT,
        "counts": counts,
        "drops": {name: dict(sorted(found.items())) for name, found in drops.items() if found},
        "licences": sorted({_LICENCES[source.kind] for source in plan.sources if source.kind in _LICENCES}),
        "limits": dataclasses.asdict(plan.limits),
        "sources": [
            {
                "path": str(source.path),
                "kind": source.kind,
                "language": source.language,
                "bytes": source.path.stat().st_size,
            }
            for source in plan.sources
        ],
        "versions": versions(),
        "build": identity(plan),
    }


def _sum(folders: Iterable[Path]) -> tuple[Counter[str], Counter[str]]:
    counts, drops = Counter[str](), Counter[str]()
    for folder in folders:
        found = read_counts(folder)
        counts += found[0]
        drops += found[1]
    return counts, drops
