"""Random valid files of JSON: labelled texts, choices, and questions on texts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as some

from isogloss.data import ChoiceLines, JsonLines, Squad
from tests.support.odd_text import LABELS, texts
from tests.support.valid.file import LAYOUTS, Valid, unlabelled
from tests.support.valid.records import records

JSON_LAYOUTS = [
    {"ensure_ascii": escaped, "separators": marks} for escaped in (False, True) for marks in ((", ", ": "), (",", ":"))
]


@some.composite
def jsonl(draw: some.DrawFn) -> Valid:
    found = draw(records(""))
    layout, style = draw(LAYOUTS), draw(some.sampled_from(JSON_LAYOUTS))
    rows = [{name: row[ours] for ours, name in found.columns.items()} for row in found.rows]
    key = found.columns.get("label", "label")
    # Whether an object of ASCII alone would escape other letters, nobody can tell.
    predicted = [draw(LABELS.filter(str.isascii)) for _ in rows]
    new = [{**row, key: label} for row, label in zip(rows, predicted, strict=True)]
    examples = found.examples(range(1, len(rows) + 1))
    return Valid(
        JsonLines(found.named()),
        layout.name("a.jsonl"),
        layout.stored([json.dumps(row, **style) for row in rows]),
        examples,
        predicted,
        layout.stored([json.dumps(row, **style) for row in new]),
        unlabelled([example[3] for example in examples]) if "label" in found.columns else [],
        JsonLines(found.named_again()),
    )


ALTERNATIVES: Mapping[str, tuple[str, str, Sequence[int | str], tuple[str, ...]]] = {
    "copa": ("premise", "label", (0, 1), ("choice1", "choice2")),
    "social iqa": ("context", "correct", "ABC", ("answerA", "answerB", "answerC")),
    "social iqa of the hub": ("context", "label", ("1", "2", "3"), ("answerA", "answerB", "answerC")),
    "ours": ("context", "label", (0, 1, 2, 3), ()),
}


@some.composite
def choice_jsonl(draw: some.DrawFn) -> Valid:
    context, key, spellings, keys = ALTERNATIVES[draw(some.sampled_from(sorted(ALTERNATIVES)))]
    layout, style = draw(LAYOUTS), draw(some.sampled_from(JSON_LAYOUTS))
    named = draw(some.sampled_from([None, "id", "idx"]))
    old, new, examples, predictions = [], [], [], []
    for number in range(1, draw(some.integers(1, 3)) + 1):
        size = len(keys) or draw(some.integers(2, 4))
        offered = draw(some.lists(texts("", 3), min_size=size, max_size=size, unique_by=str.strip))
        label = draw(some.one_of(some.none(), some.integers(0, size - 1)))
        predicted = draw(some.integers(0, size - 1))
        told, asked = draw(texts("")), draw(some.one_of(some.just(""), texts("?", 2)))
        shown = dict(zip(keys, offered, strict=True)) if keys else {"alternatives": offered}
        record: dict[str, Any] = {context: told, "question": asked, **shown}
        if named is not None:
            record[named] = number + 100
        record[key] = None if label is None else spellings[label]
        # A hub's copy has texts for numbers; predictions are numbers where the layout counts from one.
        written = int(spellings[predicted]) if str(spellings[predicted]).isdigit() else spellings[predicted]
        old.append(json.dumps(record, **style))
        new.append(json.dumps({**record, key: written}, **style))
        name = str(number if named is None else number + 100)
        examples.append((name, told, asked, tuple(offered), None if label is None else str(label), number))
        predictions.append(str(predicted))
    return Valid(
        ChoiceLines(),
        layout.name("a.jsonl"),
        layout.stored(old),
        examples,
        predictions,
        layout.stored(new),
        unlabelled([example[4] for example in examples]),
    )


@some.composite
def squad(draw: some.DrawFn) -> Valid:
    articles, examples, predictions = [], [], []
    number = 0
    for _ in range(draw(some.integers(1, 2))):
        paragraphs = []
        for _ in range(draw(some.integers(1, 2))):
            context, questions = draw(texts("", 8)), []
            for _ in range(draw(some.integers(1, 2))):
                number += 1
                name, asked = f"{number}{draw(texts('', 2))}", draw(texts(""))
                start = draw(some.integers(0, len(context) - 1))
                answer = context[start : draw(some.integers(start + 1, len(context)))]
                answers = [(answer, start)] if answer.strip() and draw(some.booleans()) else []
                given = [{"text": text, "answer_start": at} for text, at in answers]
                questions.append({"id": name, "question": asked, "answers": given})
                examples.append((name, asked, context, tuple(answers) or None))
                predictions.append(draw(texts("")))
            paragraphs.append({"context": context, "qas": questions})
        articles.append({"title": "é", "paragraphs": paragraphs})
    layout = draw(LAYOUTS)
    style = {"ensure_ascii": draw(some.booleans()), "indent": draw(some.sampled_from([None, 2]))}
    whole = {"version": "1.1", "data": articles}
    names = [example[0] for example in examples]
    answered = json.dumps(dict(zip(names, predictions, strict=True)), ensure_ascii=False) + "\n"
    content = layout.stored(json.dumps(whole, **style).split("\n"))
    return Valid(
        Squad(), layout.name("a.json"), content, examples, predictions, layout.pack(answered.encode()),
        unlabelled([example[3] for example in examples]),
    )  # fmt: skip
