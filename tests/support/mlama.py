"""A small folder in the files of mLAMA, in the words of the text to pre-train on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Rows = Sequence[Mapping[str, Any]]

TEMPLATES: dict[str, Rows] = {
    "en": (
        {"relation": "P1", "template": "the [X] saw [Y] ."},
        {"relation": "P2", "template": "[Y] said [X]"},
        {"relation": "P3", "template": "[X] gave [Y]"},
    ),
    "de": ({"relation": "P1", "template": "[X]/[Y] sah"},),
}

FACTS: dict[str, dict[str, Rows]] = {
    "en": {
        "P1": (
            {"sub_label": "king", "obj_label": "water", "sub_uri": "Q1", "lineid": 3},
            {"sub_label": "king", "obj_label": "old river house", "sub_uri": "Q1", "lineid": 5},
            {"sub_label": "bread", "obj_label": "water", "sub_uri": "Q2", "lineid": 6},
            {"sub_label": "river", "obj_label": "sa", "sub_uri": "Q3", "lineid": 7},
            {"sub_label": "roi", "obj_label": "eau", "sub_uri": "Q4", "lineid": 8, "from_english": True},
        ),
        "P2": ({"sub_label": "old king", "obj_label": "house"}, {"sub_label": "water", "obj_label": "old house"}),
    },
    "de": {"P1": ({"sub_label": "Haus", "obj_label": "Wasser"}, {"sub_label": "Brot", "obj_label": "alt Fluss"})},
}

OBJECTS: dict[str, Any] = {"P1": {"subjects": ["king"], "objects": ["water", "sa", "old river house", "the", "house"]}}


def write_mlama(folder: Path) -> Path:
    """All of it; candidates of P1 in English stand in a file of their own, others are the objects of the facts."""
    for language, templates in TEMPLATES.items():
        own = folder / "mlama1.1" / language
        own.mkdir(parents=True)
        write_rows(own / "templates.jsonl", templates)
        for relation, rows in FACTS[language].items():
            write_rows(own / f"{relation}.jsonl", rows)
    (folder / "TREx_multilingual_objects").mkdir()
    (folder / "TREx_multilingual_objects" / "en.json").write_text(json.dumps(OBJECTS), encoding="utf-8")
    return folder


def write_rows(path: Path, rows: Rows) -> None:
    """JSON lines."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
