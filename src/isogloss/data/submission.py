"""Files of predictions as the scorers of XTREME and XTREME-R read them: ``test-LANGUAGE`` with an ending by task.

What ``evaluate.py`` of google-research/xtreme reads, for either version of the benchmark:

- udpos, panx: ``.tsv``, a tag a line and a blank line after each sentence;
- xnli, pawsx: ``.tsv``, a label a line without header, compared as text;
- xcopa: ``.jsonl``, ``{"label": 0}`` a line, an integer that counts the alternatives from 0;
- xquad, mlqa, tydiqa: ``.json``, ``{id: answer}``; an answer is looked up by the id of its question in the gold file.

All but the last are paired with the gold labels by their place, so there must be one prediction for every row.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from isogloss.common.errors import IsoglossError
from isogloss.data.squad import answers_by_id, ids_in_file
from isogloss.examples import Example, Prediction, Question

SHOWN = 5
"""Ids that an error names."""


@dataclass(frozen=True, slots=True)
class Submission:
    """How the predictions of a task are handed in.

    Attributes:
        ending: Ending of the file's name.
        text: The file's text, from the examples of one language in the order of their file, and one prediction each.
        check: Stops with an error where the scorer would misread predictions, given the file, its examples and the
            labels of the model. It runs before anything is predicted.
    """

    ending: str
    text: Callable[[Sequence[Example], Sequence[Prediction]], str]
    check: Callable[[Path, Sequence[Example], Sequence[str]], None] = lambda source, examples, labels: None

    def path(self, folder: Path, language: str) -> Path:
        """The file of a language."""
        return folder / f"test-{language}{self.ending}"


def _tags(examples: Sequence[Example], predictions: Sequence[Prediction]) -> str:
    return "".join("".join(f"{tag}\n" for tag in tags) + "\n" for tags in predictions)


def _labels(examples: Sequence[Example], predictions: Sequence[Prediction]) -> str:
    return "".join(f"{label}\n" for label in predictions)


def _positions(examples: Sequence[Example], predictions: Sequence[Prediction]) -> str:
    return "".join(json.dumps({"label": int(str(position))}) + "\n" for position in predictions)


def _check_ids(source: Path, examples: Sequence[Example], labels: Sequence[str]) -> None:
    """Stop where an answer cannot be told by its id alone, in a file of one language."""
    ids = ids_in_file(source)
    no_text = [repr(found) for found in ids if not isinstance(found, str)]
    if no_text:
        raise IsoglossError(
            f"{source}: {len(no_text)} questions have an id that is no text ({_few(no_text)}); XTREME's scorer looks "
            "answers up by ids that are texts"
        )
    repeated = [repr(name) for name, times in Counter(ids).items() if times > 1]
    if repeated:
        raise IsoglossError(
            f"{source}: {len(repeated)} ids stand for several questions each ({_few(repeated)}); XTREME's scorer looks "
            "answers up by id and would score one answer for all of them. Give each question an id of its own, in the "
            "gold file too"
        )
    for example in examples:
        if isinstance(example, Question) and example.question_language != example.language:
            raise IsoglossError(
                f"{source}: the questions are in {example.question_language}, but XTREME has a file only for questions "
                f"in the language of their contexts, {example.language}, and would score these as such"
            )


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")


def submitted_labels(*spelt: str) -> Submission:
    """Labels of texts.

    Args:
        spelt: The labels as the gold files of XTREME spell them, of which the model must have all; none: any labels.
    """

    def check(source: Path, examples: Sequence[Example], labels: Sequence[str]) -> None:
        missing = [label for label in spelt if label not in labels]
        if missing:
            raise IsoglossError(
                f"XTREME's gold labels are {', '.join(spelt)}, but the model has no {' and no '.join(missing)} (it has "
                f"{', '.join(labels)}), and XTREME's scorer compares labels as they are spelt. Train with a label_map "
                "that renames them"
            )

    return Submission(".tsv", _labels, check)


submitted_tags = Submission(".tsv", _tags)
"""Tags of the tokens of sentences."""

submitted_choices = Submission(".jsonl", _positions)
"""Positions of the chosen alternatives."""

submitted_answers = Submission(".json", answers_by_id, _check_ids)
"""Answers to questions on texts."""
