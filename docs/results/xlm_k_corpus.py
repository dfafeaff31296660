"""The corpus of the evidence for XLM-K: real dumps, cut short, and classes of Wikidata in six languages.

A class has a short description by Wikidata, which is what is to be found, and the opening of its Wikipedia article,
in which names of classes are linked as the longest exact match; one is not a part of the other. Facts are those whose
object is a class: occupations of people, and the like. Their subjects are told by their names alone.
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import isogloss
from isogloss.common.writing import read_json, write_text

SHARED = Path("../shared/data")
KNOWLEDGE, DUMPS = SHARED / "knowledge", SHARED / "wikipedia"
LANGUAGES = ("ar", "de", "en", "es", "ru", "zh")
"""Of classes and of names of relations."""


def _classes(language: str) -> Iterator[dict[str, str]]:
    with (KNOWLEDGE / "types" / f"{language}.tsv").open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


def _table(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text("utf-8").splitlines()]


def _subjects(subjects: set[str]) -> Iterator[dict[str, Any]]:
    for path in sorted((KNOWLEDGE / "kg").glob("names.*.tsv")):
        for entity, names in _table(path):
            if entity in subjects:
                first, *_ = own = names.split("|")
                yield {"entity": entity, "language": path.name.split(".")[1], "text": ", ".join(own), "title": first}


def write_inputs(folder: Path) -> list[Path]:
    """Write what `isogloss corpus` reads beside the dumps, and say where."""
    folder.mkdir(parents=True, exist_ok=True)
    described, openings, classes = [], [], set()
    for language in LANGUAGES:
        names = []
        for row in _classes(language):
            classes.add(row["id"])
            if row["label"] and row["description"]:
                described.append({"entity": row["id"], "language": language, "text": row["description"],
                                  "title": row["label"]})  # fmt: skip
            if row["label"]:
                names.append(f"{row['id']}\t{row['label']}|{row['label'][0].upper()}{row['label'][1:]}\n")
            if row["text"]:
                openings.append({"text": row["text"], "language": language, "page": row["id"]})
        write_text(folder / f"names.{language}.tsv", "".join(names))
        labels = _table(KNOWLEDGE / "kg" / f"relations.{language}.tsv")
        write_text(folder / f"relations.{language}.tsv", "".join(f"{one}\t{label}\n" for one, label, *_ in labels))
    triples = [row for part in ("train", "valid") for row in _table(KNOWLEDGE / "kg" / f"triples.{part}.tsv")]
    facts = [row for row in triples if row[2] in classes]
    write_text(folder / "facts.tsv", "".join("\t".join(row) + "\n" for row in facts))
    described += _subjects({subject for subject, *_ in facts} - classes)
    for name, rows in (("descriptions.jsonl", described), ("openings.jsonl", openings)):
        write_text(folder / name, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return sorted(folder.iterdir())


def apart(corpus: Path) -> str:
    """A fifth of the entities that are mentioned, and a fifth of the facts, a line each; the same in every call."""
    rows = {
        table: pq.read_table(sorted(corpus.glob(f"{table}-*.parquet"))).to_pylist() for table in ("sentences", "facts")
    }
    entities = sorted({mention["entity"] for row in rows["sentences"] for mention in row["mentions"]})
    facts = sorted("\t".join((row["subject"], row["relation"], row["object"])) for row in rows["facts"])
    draw = random.Random(0)
    return "".join(f"{line}\n" for lines in (entities, facts) for line in sorted(draw.sample(lines, len(lines) // 5)))


def build(folder: Path) -> tuple[Path, Path]:
    """The corpus, and the list of what is kept apart, made below ``folder`` if they are not there yet."""
    corpus, listed = folder / "corpus", folder / "apart.tsv"
    if not (corpus / "corpus.json").exists():
        own = write_inputs(folder / "inputs")
        names = [path for path in own if path.name.startswith("names.")]
        isogloss.corpus(
            [*(path for path in own if path not in names), *sorted(DUMPS.glob("*.xml.bz2"))],
            output=corpus,
            same_entities=[DUMPS / "titles.bn-en.tsv"],
            link_names=names,
        )
        print(json.dumps(read_json(corpus / "corpus.json")["counts"], indent=1))
    if not listed.exists():
        write_text(listed, apart(corpus))
    return corpus, listed
