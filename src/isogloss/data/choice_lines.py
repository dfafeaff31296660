"""JSON Lines of questions with alternatives: COPA, XCOPA, Social IQa and the like."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from isogloss.common.errors import IsoglossError, nearest
from isogloss.data.columns import has_lone_surrogate
from isogloss.data.formats import finish, predicted_labels
from isogloss.data.json_lines import json_line, json_objects, with_value
from isogloss.data.labels import NO_LABEL, SAME_NAMES, as_text, gold_label
from isogloss.data.lines import read_lines, rewrite, to_bytes
from isogloss.data.problems import Problems
from isogloss.examples import Choice, Prediction

QUESTIONS: Mapping[str, str] = MappingProxyType(
    {"cause": "What was the cause of this?", "effect": "What happened as a result?"}
)
"""What COPA asks where its files say ``cause`` or ``effect``, in English as in Roemmele et al. (2011)."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The keys of a published layout.

    Attributes:
        context: Key of the context.
        alternatives: One key each, or the only key, of a list of them.
        label: Key of the label.
        first: How the label of the first alternative is spelt; the others follow it.
        keys: All keys of an object that is written, in their order; an ``id`` is a text, an ``idx`` a number where it
            can be one.
    """

    context: str
    alternatives: tuple[str, ...]
    label: str
    first: int | str
    keys: tuple[str, ...]

    def spelling(self, position: int) -> int | str:
        """The label of an alternative as it stands in the file."""
        if isinstance(self.first, int):
            return self.first + position
        return chr(ord(self.first) + position)

    def record(self, choice: Choice) -> dict[str, Any]:
        """The object that stands for a choice in the file.

        Raises:
            IsoglossError: It has another number of alternatives than the layout has keys for.
        """
        told = choice.alternatives
        if len(self.alternatives) > 1 and len(told) != len(self.alternatives):
            raise IsoglossError(f"choice {choice.id!r} has {len(told)} alternatives, not {len(self.alternatives)}")
        values: dict[str, Any] = {
            "id": choice.id,
            "idx": int(choice.id) if re.fullmatch("0|[1-9][0-9]*", choice.id) else choice.id,
            self.context: choice.context,
            "question": choice.question,
            self.label: None if choice.label is None else self.spelling(int(choice.label)),
        }
        one_key = len(self.alternatives) == 1
        values |= {self.alternatives[0]: list(told)} if one_key else dict(zip(self.alternatives, told, strict=True))
        return {key: values[key] for key in self.keys}


ANSWERS = ("answerA", "answerB", "answerC")
COPA = Layout(
    "premise", ("choice1", "choice2"), "label", 0, ("premise", "choice1", "choice2", "question", "label", "idx")
)
"""The layout of COPA and XCOPA."""

OWN = Layout("context", ("alternatives",), "label", 0, ("id", "context", "question", "alternatives", "label"))
"""Our own layout, with any number of alternatives."""

LAYOUTS = (
    COPA,
    Layout("context", ANSWERS, "correct", "A", ("context", "question", *ANSWERS, "correct")),
    Layout("context", ANSWERS, "label", 1, ("context", "question", *ANSWERS, "label")),
    OWN,
)
"""Those two, and between them Social IQa as its authors have it and as the hub has it."""


@dataclass(frozen=True, slots=True)
class ChoiceLines:
    """A file with one JSON object a line: a context, a question and the alternatives to choose from.

    The keys of the first object, and the key of the label that most objects have, say which layout the file has:
    ``premise``, ``question``, ``choice1``, ``choice2`` and ``label`` 0 or 1 (COPA); ``context``, ``question``,
    ``answerA`` to ``answerC`` and ``correct`` A to C, or ``label`` 1 to 3 (Social IQa); ``context``, ``question``, a
    list ``alternatives`` and ``label`` from 0. A label that is missing, null, empty, ``-`` or -1 is none; a
    ``label_map`` renames labels as they stand in the file. The id is ``id`` or ``idx``, else the running number.

    Args:
        questions: What a question that is a mere word in the file means, by that word; other questions stay as they
            are. The default is English in files of every language: the words ``cause`` and ``effect`` are so too.
    """

    questions: Mapping[str, str] = field(default_factory=lambda: QUESTIONS)

    def read(
        self, path: Path, language: str, problems: Problems, label_map: Mapping[str, str] = SAME_NAMES
    ) -> list[Choice]:
        """The good objects of the file."""
        objects = list(json_objects(read_lines(path, problems), path, problems))
        layout = _layout(objects, path, problems)
        if layout is None:
            return []
        found = (
            self._example(record, layout, number, language, path, line, problems, label_map)
            for number, line, record in objects
        )
        return finish([example for example in found if example is not None], path, problems)

    def dump(self, examples: Sequence[Choice], layout: Layout = OWN) -> bytes:
        """The content of a file from which `read` gives these choices; a question that is a mere word stays one.

        Raises:
            IsoglossError: A choice has another number of alternatives than the layout.

        Example:
            >>> choice = Choice("1", "en", "Hungry.", "effect", ("Eats.", "Runs."), "0")
            >>> print(ChoiceLines().dump([choice], COPA).decode(), end="")
            {"premise": "Hungry.", "choice1": "Eats.", "choice2": "Runs.", "question": "effect", "label": 0, "idx": 1}
        """
        return to_bytes(json_line(layout.record(example)) for example in examples)

    def write(
        self,
        source: Path,
        predictions: Sequence[Prediction],
        destination: Path,
        label_map: Mapping[str, str] = SAME_NAMES,
    ) -> None:
        """Write ``source`` with the predictions under the key of the label, spelt as the layout spells them."""
        lines = read_lines(source, Problems())
        examples = self.read(source, "", Problems(), label_map)
        labels = predicted_labels(examples, predictions, source)
        numbers = {example.line: len(example.alternatives) for example in examples}
        replacements: dict[int, str] = {}
        layout = _layout(list(json_objects(lines, source, Problems())), source, Problems())
        for line, label in labels.items():
            if label not in map(str, range(numbers[line])):
                raise IsoglossError(
                    f"{source}:{line}: there are alternatives 0 to {numbers[line] - 1}, but the prediction is {label!r}"
                )
            assert layout is not None
            replacements[line] = with_value(lines[line - 1], layout.label, layout.spelling(int(label)))
        rewrite(source, destination, replacements)

    def _example(
        self,
        record: Mapping[str, Any],
        layout: Layout,
        number: int,
        language: str,
        path: Path,
        line: int,
        problems: Problems,
        label_map: Mapping[str, str],
    ) -> Choice | None:
        """The question of an object, or None, and an error, where something in it cannot be used."""
        complaints = []
        texts: dict[str, Any] = {key: record.get(key) for key in (layout.context, "question", *layout.alternatives)}
        if len(layout.alternatives) == 1:
            listed = texts.pop(layout.alternatives[0])
            if not isinstance(listed, list) or len(listed) < 2:
                complaints.append(f"{layout.alternatives[0]!r} is {listed!r}, not a list of at least two texts")
                listed = []
            texts |= {f"alternatives[{index}]": text for index, text in enumerate(listed)}
        for key, text in texts.items():
            if key not in record and not key.startswith("alternatives["):
                complaints.append(f"no key {key!r}{nearest(key, record)}")
            elif not isinstance(text, str):
                complaints.append(f"{key!r} is of type {type(text).__name__}, not a string")
            elif not text.strip() and key != "question":
                complaints.append(f"{key!r} is empty")
            elif has_lone_surrogate(text):
                complaints.append(f"{key!r} holds a lone surrogate, which is not a character")
        alternatives = [text for key, text in texts.items() if key not in (layout.context, "question")]
        label = record.get(layout.label)
        spellings = [str(layout.spelling(position)) for position in range(len(alternatives))]
        position: str | None = None
        try:
            spelt = gold_label(as_text(label), label_map)
            if spelt in spellings:
                position = str(spellings.index(spelt))
            elif spellings and spelt is not None and spelt not in NO_LABEL:
                complaints.append(f"{layout.label!r} is {label!r}, but must be one of {', '.join(spellings)}")
        except IsoglossError as error:
            complaints.append(str(error))
        if complaints:
            for complaint in complaints:
                problems.error(path, line, complaint)
            return None
        if len({text.strip() for text in alternatives}) < len(alternatives):
            problems.warning(path, line, "two alternatives are the same")
        question = self.questions.get(str(texts["question"]), str(texts["question"]))
        name = next((str(record[key]) for key in ("id", "idx") if record.get(key) not in (None, "")), str(number))
        return Choice(
            name, language, str(texts[layout.context]), question, tuple(alternatives), position, str(path), line
        )


def _layout(objects: Sequence[tuple[int, int, Mapping[str, Any]]], path: Path, problems: Problems) -> Layout | None:
    """The layout of a file; None where there is no object, or, an error, no first alternative in the first one.

    Of several layouts with the same first alternative, it is the one whose key of the label most objects have.
    """
    if not objects:
        finish([], path, problems)
        return None
    _, line, record = objects[0]
    fitting = [layout for layout in LAYOUTS if layout.alternatives[0] in record]
    if not fitting:
        known = ", ".join(dict.fromkeys(layout.alternatives[0] for layout in LAYOUTS))
        problems.error(path, line, f"no key of a first alternative (looked for {known}){nearest('choice1', record)}")
        return None
    return max(fitting, key=lambda layout: sum(layout.label in record for _, _, record in objects))
