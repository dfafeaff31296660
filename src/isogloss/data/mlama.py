"""Facts as sentences with a gap, in the files of mLAMA.

- ``mlama1.1/LANGUAGE/templates.jsonl``: ``relation`` and ``template``, a sentence with ``[X]`` for the subject and
  ``[Y]`` for the object.
- ``mlama1.1/LANGUAGE/RELATION.jsonl``: ``sub_label`` and ``obj_label``; if there, ``lineid``, ``sub_uri`` and
  ``from_english``.
- ``TREx_multilingual_objects/LANGUAGE.json`` and ``GoogleRE_objects/LANGUAGE.json``: by relation its ``objects``, the
  candidates.

Where the last two are missing, the candidates of a relation are the objects of its facts. A relation without a file has
no facts in that language. Facts whose names are English in another language (``from_english``) are left out, as mLAMA's
code does.

Kassner, Dufter, Schütze, *Multilingual LAMA: Investigating Knowledge in Multilingual Pretrained Language Models*, EACL
2021; norakassner/mlama.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isogloss.common.errors import IsoglossError, nearest
from isogloss.data.json_text import NotJson, parse
from isogloss.data.lines import read_lines
from isogloss.data.problems import Problems

FACTS, TEMPLATES = "mlama1.1", "templates.jsonl"

OBJECTS = ("TREx_multilingual_objects", "GoogleRE_objects")
"""Folders with the candidates of each language."""

SUBJECT, OBJECT = "[X]", "[Y]"


@dataclass(frozen=True)
class Gap:
    """A fact whose object is to be found.

    Attributes:
        id: Its number within the relation, the same in all languages.
        subject: Name of the subject.
        object: Name of the object.
        true: Names of all objects of the subject that its file has.
    """

    id: str
    subject: str
    object: str
    true: frozenset[str]


@dataclass(frozen=True)
class GapRelation:
    """A relation in one language.

    Attributes:
        relation: Its id.
        template: A sentence with `SUBJECT` and `OBJECT`, each once.
        gaps: The facts.
        candidates: Names of objects, each once.
    """

    relation: str
    template: str
    gaps: tuple[Gap, ...]
    candidates: tuple[str, ...]


def mlama_languages(folder: Path) -> tuple[str, ...]:
    """The languages with templates in a folder of mLAMA, or in the folder ``mlama1.1`` itself.

    Raises:
        IsoglossError: There are none.
    """
    found = tuple(sorted(path.parent.name for path in _facts(folder).glob(f"*/{TEMPLATES}")))
    if not found:
        raise IsoglossError(
            f"{folder}: no data of mLAMA: there is no {FACTS}/LANGUAGE/{TEMPLATES}, nor LANGUAGE/{TEMPLATES}"
        )
    return found


def read_mlama(folder: Path, language: str) -> list[GapRelation]:
    """The relations of a language that have facts.

    Raises:
        IsoglossError: There is no such language, it has no facts, or a file has an error.
    """
    languages = mlama_languages(folder)
    if language not in languages:
        raise IsoglossError(f"languages: {folder} has nothing in {language!r}{nearest(language, languages)}")
    own, problems = _facts(folder) / language, Problems()
    objects = _objects(_facts(folder).parent, language, problems)
    found = []
    for number, row in _rows(own / TEMPLATES, ("relation", "template"), problems):
        relation, template = row["relation"], row["template"]
        if template.count(SUBJECT) != 1 or template.count(OBJECT) != 1:
            problems.error(
                own / TEMPLATES, number, f"template must have {SUBJECT} and {OBJECT} once, found {template!r}"
            )
        path = own / f"{relation}.jsonl"
        gaps = _gaps(path, problems) if path.exists() else ()
        if gaps:
            names = [*objects.get(relation, ()), *(gap.object for gap in gaps)]
            found.append(GapRelation(relation, template, gaps, tuple(dict.fromkeys(names))))
    problems.raise_errors()
    if not found:
        raise IsoglossError(f"{own}: has templates, but no fact of a relation that has one")
    return found


def _facts(folder: Path) -> Path:
    return folder / FACTS if (folder / FACTS).is_dir() else folder


def _gaps(path: Path, problems: Problems) -> tuple[Gap, ...]:
    rows = [
        (str(row.get("lineid", number)), row.get("sub_uri") or row["sub_label"], row)
        for number, row in _rows(path, ("sub_label", "obj_label"), problems)
        if not row.get("from_english")
    ]
    true = dict[str, set[str]]()
    for _, subject, row in rows:
        true.setdefault(str(subject), set()).add(row["obj_label"])
    seen, gaps = set[tuple[str, str]](), []
    for name, subject, row in rows:
        if (str(subject), row["obj_label"]) not in seen:
            seen.add((str(subject), row["obj_label"]))
            gaps.append(Gap(name, row["sub_label"], row["obj_label"], frozenset(true[str(subject)])))
    return tuple(gaps)


def _objects(folder: Path, language: str, problems: Problems) -> dict[str, Sequence[str]]:
    found = dict[str, Sequence[str]]()
    for name in OBJECTS:
        path = folder / name / f"{language}.json"
        if not path.exists():
            continue
        try:
            every = parse("\n".join(read_lines(path, problems)))
        except NotJson as error:
            problems.error(path, error.line, str(error))
            continue
        for relation, own in every.items() if isinstance(every, dict) else (("the file", every),):
            listed = own.get("objects") if isinstance(own, dict) else None
            if not isinstance(listed, list) or not all(isinstance(value, str) and value.strip() for value in listed):
                problems.error(path, None, f"{relation} must have a list of names, objects, found {str(own)[:60]!r}")
            else:
                found[relation] = listed
    return found


def _rows(path: Path, keys: Sequence[str], problems: Problems) -> list[tuple[int, Mapping[str, Any]]]:
    found = list[tuple[int, Mapping[str, Any]]]()
    for number, line in enumerate(read_lines(path, problems), start=1):
        if not line.strip():
            continue
        try:
            row = parse(line)
        except NotJson as error:
            problems.error(path, number, str(error))
            continue
        if not isinstance(row, dict):
            problems.error(path, number, f"must be an object, found {line[:60]!r}")
            continue
        wrong = [key for key in keys if not isinstance(row.get(key), str) or not row[key].strip()]
        if wrong:
            hint = nearest(wrong[0], list(row)) if wrong[0] not in row else f", found {row[wrong[0]]!r}"
            problems.error(path, number, f"must have the text {wrong[0]!r}{hint}")
        else:
            found.append((number, row))
    return found
