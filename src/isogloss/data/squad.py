"""Questions on texts in the JSON of SQuAD v1.1, as XQuAD, MLQA and TyDiQA-GoldP have it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.writing import write_text
from isogloss.data.columns import has_lone_surrogate
from isogloss.data.formats import check_number, finish
from isogloss.data.json_text import NotJson, parse
from isogloss.data.labels import SAME_NAMES
from isogloss.data.lines import read_lines
from isogloss.data.problems import Problems
from isogloss.examples import Example, Prediction, Question

_ID = re.compile(r'"id"\s*:\s*("(?:[^"\\]|\\.)*")')
_MOVED = "answer not at its answer_start, moved to the nearest place where the text is"
_LOST = "answer that its context does not hold: counts in scores, cannot be learned from"


class _Malformed(Exception):
    """What keeps a question from being read."""


@dataclass(frozen=True, slots=True)
class Squad:
    """A JSON file with ``data``, a list of articles with ``paragraphs``, each a ``context`` and its ``qas``.

    A question has an ``id`` (else its running number), a ``question`` and ``answers``, each with ``text`` and
    ``answer_start``, the place of its first character (code point) in the context, from 0. Without answers it has no
    gold. An answer that is not where ``answer_start`` says is looked for: of several places the one nearest to
    ``answer_start`` counts. The line of an example is that of its id, 1 if the file is one line.

    Args:
        question_language: Language of the questions where it is not that of the file (the contexts).
    """

    question_language: str | None = None

    def read(
        self, path: Path, language: str, problems: Problems, label_map: Mapping[str, str] = SAME_NAMES
    ) -> list[Question]:
        """The good questions of the file."""
        text = "\n".join(read_lines(path, problems))
        if problems.spoils(path):
            return []
        lines = _lines_of_ids(text)
        examples = []
        for number, (where, context, record) in enumerate(_questions(text, path, problems), start=1):
            found = record.get("id") if isinstance(record, dict) else None
            name = str(number) if found is None else str(found)
            line = lines.get(name, 1)
            try:
                question = _text(record, "question")
                answers = _answers(record, context, path, line, problems)
            except _Malformed as error:
                problems.error(path, line, f"{where}, question {name!r}: {error}")
                continue
            asked = self.question_language or language
            examples.append(Question(name, language, asked, question, context, answers, str(path), line))
        return finish(examples, path, problems)

    def dump(self, examples: Sequence[Question], titles: Sequence[str] | None = None) -> bytes:
        """The content of a file from which `read` gives these questions, those of one text together.

        Args:
            examples: The questions, in the language that the format says.
            titles: For each the title of its article; None: all are in one without a title.

        Example:
            >>> content = Squad().dump([Question("1", "en", "en", "Who?", "Eva came.", (("Eva", 0),))])
            >>> json.loads(content)["data"][0]["paragraphs"][0]["qas"]
            [{'id': '1', 'question': 'Who?', 'answers': [{'text': 'Eva', 'answer_start': 0}]}]
        """
        articles: dict[str, dict[str, list[dict[str, Any]]]] = {}
        for example, title in zip(examples, titles or [""] * len(examples), strict=True):
            # A place that the context does not have is looked for, and not found again.
            spans = [{"text": text, "answer_start": -1 if at is None else at} for text, at in example.answers or ()]
            record = {"id": example.id, "question": example.question, "answers": spans}
            articles.setdefault(title, {}).setdefault(example.context, []).append(record)
        data = [
            {"title": title, "paragraphs": [{"context": context, "qas": qas} for context, qas in paragraphs.items()]}
            for title, paragraphs in articles.items()
        ]
        return (json.dumps({"version": "1.1", "data": data}, ensure_ascii=False) + "\n").encode()

    def write(
        self,
        source: Path,
        predictions: Sequence[Prediction],
        destination: Path,
        label_map: Mapping[str, str] = SAME_NAMES,
    ) -> None:
        """Write the predicted answers by id, as JSON: the file of predictions that the public scorers read.

        Raises:
            IsoglossError: There is not one answer per question, or the file cannot be written.
        """
        examples = self.read(source, "", Problems(), label_map)
        check_number(examples, predictions, source)
        for example, answer in zip(examples, predictions, strict=True):
            if not isinstance(answer, str):
                raise IsoglossError(f"{source}: question {example.id!r} has one answer, not {answer!r}")
        write_text(destination, answers_by_id(examples, predictions))


def answers_by_id(examples: Sequence[Example], predictions: Sequence[Prediction]) -> str:
    """The predicted answers as JSON, ``{id: answer}``."""
    answers = {example.id: answer for example, answer in zip(examples, predictions, strict=True)}
    return json.dumps(answers, ensure_ascii=False) + "\n"


def ids_in_file(path: Path) -> list[Any]:
    """The ids of all questions as they stand in a file that `Squad` reads; None where a question has none."""
    text = "\n".join(read_lines(path, Problems()))
    return [record.get("id") for _, _, record in _questions(text, path, Problems()) if isinstance(record, dict)]


def _lines_of_ids(text: str) -> dict[str, int]:
    """The line of each id in the text; nothing if it is one line, as such files mostly are."""
    if "\n" not in text:
        return {}
    lines: dict[str, int] = {}
    line, before = 1, 0
    for match in _ID.finditer(text):
        line += text.count("\n", before, match.start())
        before = match.start()
        try:
            lines.setdefault(str(json.loads(match[1])), line)
        except ValueError:
            continue  # not JSON, which `_questions` says
    return lines


ROWS = (
    "a question a row, as `datasets` writes them, and not SQuAD's JSON with its articles and paragraphs; such rows are "
    "given from Python, lists of mappings by language and split in the place of the path (docs/recipes.md, Objects of "
    "Python)"
)


def _is_row(text: str) -> bool:
    """Whether the first object of a text, maybe in a list, has keys of a question and its context."""
    try:
        first, _ = json.JSONDecoder().raw_decode(text.lstrip("[ \n\t"))
    except (ValueError, RecursionError):
        return False
    return isinstance(first, dict) and {"question", "context"} <= set(first)


def _questions(text: str, path: Path, problems: Problems) -> Iterator[tuple[str, str, Any]]:
    """Per question where it stands in words, its context and its object; what is no such thing is an error."""
    try:
        articles = _list(parse(text), "data")
    except (NotJson, _Malformed) as error:
        if _is_row(text):
            problems.error(path, 1, ROWS)
        elif isinstance(error, NotJson):
            problems.error(path, error.line, str(error))
        else:
            problems.error(path, None, f"not SQuAD's JSON: {error}")
        return
    for a, article in enumerate(articles, start=1):
        try:
            paragraphs = _list(article, "paragraphs")
        except _Malformed as error:
            problems.error(path, None, f"article {a}: {error}")
            continue
        for p, paragraph in enumerate(paragraphs, start=1):
            where = f"article {a}, paragraph {p}"
            try:
                context, records = _text(paragraph, "context"), _list(paragraph, "qas")
            except _Malformed as error:
                problems.error(path, None, f"{where}: {error}")
                continue
            yield from ((where, context, record) for record in records)


def _answers(
    record: dict[str, Any], context: str, path: Path, line: int, problems: Problems
) -> tuple[tuple[str, int | None], ...] | None:
    if record.get("is_impossible") is True:
        raise _Malformed("is_impossible: SQuAD v2 has questions without an answer, this format is v1.1; leave them out")
    if record.get("answers") is None:
        return None
    found = []
    for answer in _list(record, "answers"):
        text = _text(answer, "text", blank=True)
        start = answer.get("answer_start")
        if not isinstance(start, int) or isinstance(start, bool):
            raise _Malformed(f"answer_start of answer {text!r} must be a whole number, found {start!r}")
        if not text.strip():
            problems.warning(path, line, "empty answer left out")
            continue
        place = _place(text, start, context)
        if place != start:
            problems.warning(path, line, _LOST if place is None else _MOVED)
        found.append((text, place))
    return tuple(found) or None


def _place(text: str, start: int, context: str) -> int | None:
    """Where the context holds the text, as near to ``start`` as may be; None if nowhere."""
    if start >= 0 and context.startswith(text, start):
        return start
    places = [match.start() for match in re.finditer(f"(?={re.escape(text)})", context)]
    return min(places, key=lambda place: abs(place - start), default=None)


def _list(record: Any, key: str) -> list[Any]:  # noqa: ANN401 - any JSON
    value = _value(record, key)
    if not isinstance(value, list):
        raise _Malformed(f"{key!r} must be a list, found {type(value).__name__}")
    return value


def _text(record: Any, key: str, *, blank: bool = False) -> str:  # noqa: ANN401 - any JSON
    value = _value(record, key)
    if not isinstance(value, str):
        raise _Malformed(f"{key!r} must be a text, found {type(value).__name__}")
    if not blank and not value.strip():
        raise _Malformed(f"{key!r} is empty")
    if has_lone_surrogate(value):
        raise _Malformed(f"{key!r} holds a lone surrogate, which is not a character")
    return value


def _value(record: Any, key: str) -> Any:  # noqa: ANN401 - any JSON
    if not isinstance(record, dict):
        raise _Malformed(f"expected an object with {key!r}, found {type(record).__name__}")
    if key not in record:
        raise _Malformed(f"no {key!r}{nearest(key, list(record)) if record else ' (the object is empty)'}")
    return record[key]
