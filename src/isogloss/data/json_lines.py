"""JSON Lines of labelled texts, or of tagged sentences: one object a line."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isogloss.common.errors import nearest
from isogloss.data.columns import ALIASES, TAGGED, added_name, check_columns, labelled_text, locate, usual_columns
from isogloss.data.formats import finish, predicted_labels, predicted_tags
from isogloss.data.json_text import NotJson, parse
from isogloss.data.labels import SAME_NAMES, as_text
from isogloss.data.lines import read_lines, rewrite, to_bytes
from isogloss.data.problems import Problems
from isogloss.data.tagged_rows import (
    BadRow,
    check_tagged_columns,
    label_name,
    locate_tagged,
    tagged_sentences,
)
from isogloss.examples import LabelledText, Prediction, TaggedSentence


@dataclass(frozen=True, slots=True)
class JsonLines:
    """A file with one JSON object a line: tagged sentences where the first has a list of tokens, else labelled texts.

    Labels and ids of texts may be numbers; they become strings. Tags are strings or numbers, -1 at all tokens of a
    sentence is none, and they are read as from `isogloss.data.parquet.Parquet`.

    Args:
        columns: The file's key of our ``text`` and, where it has them, ``pair``, ``label``, ``id`` and ``part``; or of
            our ``tokens`` and, where it has them, ``tags`` and ``id``. None: the first of the names that `Table`, or
            `isogloss.data.tagged_rows.TAGGED`, knows which the first object has, of sentences any; a later object of a
            text that has one of the others is a warning.
        names: Names of labels that are numbers, from 0, as `datasets` has them; None: their numbers are their names.

    Raises:
        IsoglossError: ``columns`` has an unknown name, or neither ``text`` nor ``tokens``.
    """

    columns: Mapping[str, str] | None = None
    names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Check the columns."""
        if self.columns is not None and "tokens" in self.columns:
            check_tagged_columns(self.columns)
        elif self.columns is not None:
            check_columns(self.columns, ("part",))

    def read(
        self, path: Path, language: str, problems: Problems, label_map: Mapping[str, str] = SAME_NAMES
    ) -> list[LabelledText] | list[TaggedSentence]:
        """The good objects of the file."""
        objects = list(json_objects(read_lines(path, problems), path, problems))
        located = self._tagged(objects, path, problems)
        if located and problems.spoils(path):
            return []
        if located:
            rows = ((line, {ours: one.get(key) for ours, key in located.items()}) for _, line, one in objects)
            others = [key for key in objects[0][2] if key != located["tokens"]]
            return tagged_sentences(rows, located, others, self.names, language, path, problems, label_map)
        return self._texts(objects, path, language, problems, label_map)

    def _tagged(
        self, objects: Sequence[tuple[int, int, dict[str, Any]]], path: Path, problems: Problems
    ) -> dict[str, str]:
        """The key of each of our columns of tagged sentences; nothing where the objects are texts."""
        if not objects or (self.columns is not None and "tokens" not in self.columns):
            return {}
        _, line, first = objects[0]
        # A text may have a number of words, which is no list.
        listed = any(isinstance(first.get(key), list) for key in TAGGED["tokens"])
        if self.columns is None and not listed:
            return {}
        every = list(dict.fromkeys(key for _, _, one in objects for key in one))  # the first may have no tags
        return locate_tagged(self.columns, every, path, line, problems)

    def _texts(
        self,
        objects: Iterable[tuple[int, int, dict[str, Any]]],
        path: Path,
        language: str,
        problems: Problems,
        label_map: Mapping[str, str],
    ) -> list[LabelledText]:
        located: dict[str, str] | None = None
        examples = []
        for number, line, record in objects:
            if located is None:
                located = locate(self.columns, list(record), path, line, problems)
                if "text" not in located or not set(located.values()) <= set(record):
                    return []
            for ours, key in _unread(record, located) if self.columns is None else ():
                problems.warning(path, line, f"key {key!r} (the {ours}) is not in the first object: not read")
            fields = _fields(record, located, self.names, path, line, problems)
            if fields is None:
                continue
            example = labelled_text(fields, number, language, path, line, problems, label_map)
            if example is not None:
                examples.append(example)
        return finish(examples, path, problems)

    def dump(self, examples: Sequence[LabelledText] | Sequence[TaggedSentence]) -> bytes:
        """The content of a file from which `read` gives these examples.

        It has the keys of `columns`, in their order; without these, by their first usual names id and text and, where
        an example has them, pair and label; or id, tokens and, where a sentence has them, tags. What has no key is not
        written.

        Example:
            >>> print(JsonLines().dump([LabelledText("1", "en", "Yes.", None, "a")]).decode(), end="")
            {"id": "1", "text": "Yes.", "label": "a"}
        """
        texts = [example for example in examples if isinstance(example, LabelledText)]
        tagged = {ours: TAGGED[ours][0] for ours in ("id", "tokens", "tags")}
        if examples and not any(isinstance(one, TaggedSentence) and one.tags for one in examples):
            del tagged["tags"]
        columns = self.columns or (usual_columns(texts) if texts or not examples else tagged)
        return to_bytes(json_line({key: getattr(one, ours) for ours, key in columns.items()}) for one in examples)

    def write(
        self,
        source: Path,
        predictions: Sequence[Prediction],
        destination: Path,
        label_map: Mapping[str, str] = SAME_NAMES,
    ) -> None:
        """Write ``source`` with the predictions under the key of the label or tags, added where there is none."""
        lines = read_lines(source, Problems())
        examples = self.read(source, "", Problems(), label_map)
        tagged = [example for example in examples if isinstance(example, TaggedSentence)]
        if tagged:
            rewrite(source, destination, self._with_tags(lines, tagged, predictions, source))
            return
        texts = [example for example in examples if isinstance(example, LabelledText)]
        labels = predicted_labels(texts, predictions, source)
        records = {line: json.loads(lines[line - 1]) for line in labels}
        key = self._key_of_label(list(records.values()), source)
        # Labels that were read from numbers go back as numbers, so that the file can be compared with its source; where
        # some have none (null), the predictions beside the numbers too.
        numeric = any(isinstance(record.get(key), (int, float)) for record in records.values())
        replacements = {}
        for line, label in labels.items():
            value = _as_stored(label, self.names, numeric)
            replacements[line] = with_value(lines[line - 1], key, value)
        rewrite(source, destination, replacements)

    def _with_tags(
        self, lines: Sequence[str], tagged: Sequence[TaggedSentence], predictions: Sequence[Prediction], source: Path
    ) -> dict[int, str]:
        """The lines with predicted tags by number, as numbers where the file has numbers."""
        objects = [(one.line, json.loads(lines[one.line - 1])) for one in tagged]
        located = self._tagged([(0, line, record) for line, record in objects], source, Problems())
        key = located.get("tags") or added_name("tags", {key for _, record in objects for key in record})
        numeric = any(isinstance(tag, int) for _, record in objects for tag in record.get(key) or ())
        return {
            one.line: with_value(lines[one.line - 1], key, [_as_stored(tag, self.names, numeric) for tag in tags])
            for one, tags in predicted_tags(tagged, predictions, source)
        }

    def _key_of_label(self, records: Sequence[dict[str, Any]], source: Path) -> str:
        """The key of the label in the first object, by which all are read, or else one that no object has."""
        located = locate(self.columns, list(records[0]), source, 1, Problems()) if records else {}
        return located.get("label") or added_name("label", {key for record in records for key in record})


def json_line(record: Mapping[str, Any]) -> str:
    """An object as it is written on a line."""
    return json.dumps(record, ensure_ascii=False)


def json_objects(lines: Sequence[str], path: Path, problems: Problems) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Running number, line and object of each line; one that has none is a warning if it is blank, else an error."""
    number = 0
    for line, text in enumerate(lines, start=1):
        if not text.strip():
            problems.warning(path, line, "blank line skipped")
            continue
        number += 1
        record = _object(text, path, line, problems)
        if record is not None:
            yield number, line, record


def _unread(record: Mapping[str, Any], located: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What an object has under one of the usual keys, where the first object has none of them."""
    for ours in ALIASES.keys() - located.keys():
        yield from ((ours, key) for key in ALIASES[ours] if key in record)


def _object(text: str, path: Path, line: int, problems: Problems) -> dict[str, Any] | None:
    """The object on a line; None, and an error, if there is none."""
    try:
        record = parse(text)
    except NotJson as error:
        problems.error(path, line, str(error))
        return None
    if not isinstance(record, dict):
        problems.error(path, line, f"expected a JSON object, found {type(record).__name__}")
        return None
    return record


def _fields(
    record: dict[str, Any],
    located: Mapping[str, str],
    names: Sequence[str] | None,
    path: Path,
    line: int,
    problems: Problems,
) -> dict[str, str | None] | None:
    """The values of our columns as strings; None, and an error for each, if one is missing or of the wrong type."""
    fields: dict[str, str | None] = {}
    for ours, name in located.items():
        value = record.get(name)
        # A text must be a string; a label or an id may be a number, and a label may be left open.
        if isinstance(value, str) or (value is None and name in record and ours in ("label", "id")):
            fields[ours] = value
        elif isinstance(value, (int, float)) and ours == "label" and names is not None:
            try:
                fields[ours] = label_name(value, names, name)
            except BadRow as error:
                problems.error(path, line, str(error))
        elif isinstance(value, (int, float)) and ours in ("label", "id"):
            fields[ours] = as_text(value)
        elif name not in record:
            problems.error(path, line, f"no key {name!r} (the {ours}){nearest(name, record)}")
        else:
            problems.error(path, line, f"{name!r} (the {ours}) is of type {type(value).__name__}, not a string")
    return fields if len(fields) == len(located) else None


def with_value(text: str, key: str, value: str | float | Sequence[str | float]) -> str:
    """The object that stands on the line ``text`` with one value replaced or added, laid out as it was."""
    record = json.loads(text)
    layouts = itertools.product((False, True), ((", ", ": "), (",", ":")))
    layout = next(
        ({"ensure_ascii": escaped, "separators": marks} for escaped, marks in layouts
         if json.dumps(record, ensure_ascii=escaped, separators=marks) == text),
        {"ensure_ascii": False},
    )  # fmt: skip
    return json.dumps({**record, key: value}, **layout)


def _as_stored(label: str, names: Sequence[str] | None, numeric: bool) -> str | float:
    """A predicted label as the file has its own: by its number where it has numbers and the label has one."""
    if not numeric:
        return label
    if names is not None:
        return names.index(label) if label in names else label
    try:
        value = json.loads(label)
    except ValueError:
        return label
    return value if isinstance(value, int | float) else label
