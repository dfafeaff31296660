"""Names of tasks and formats, and the objects they stand for.

What builds a task, or a reader of Parquet, imports its code only then: torch and pyarrow take seconds, and
`isogloss list`, `show` and `schema` need no more than the names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from isogloss.common.errors import IsoglossError
from isogloss.data.choice_lines import ChoiceLines
from isogloss.data.chunks import CHUNK
from isogloss.data.conll import TokenTag
from isogloss.data.conllu import ConllU
from isogloss.data.delimiters import COMMA
from isogloss.data.formats import Format
from isogloss.data.json_lines import JsonLines
from isogloss.data.labels import NO_NUMBER
from isogloss.data.plain import Lines, RunningText
from isogloss.data.squad import Squad
from isogloss.data.submission import Submission, submitted_answers, submitted_choices, submitted_labels, submitted_tags
from isogloss.data.tables import Table
from isogloss.examples import Choice, Example, LabelledText, Question, TaggedSentence

if TYPE_CHECKING:
    from isogloss.tasks.task import Task

Columns = Mapping[str, str | int] | None


@dataclass(frozen=True)
class NamedTask:
    """A task as a user names it.

    Attributes:
        summary: One line for `isogloss list tasks`.
        build: Makes the task from its labels.
        batch_size: Examples per batch where a recipe says nothing (Sequential Reptile paper: 16 for NER, 12 for QA).
        complaint: What makes an example unfit for the task; None if nothing does.
        formats: Names of the formats that hold examples of the task.
        submission: How predictions are written for the scorers of XTREME and XTREME-R.
    """

    summary: str
    build: Callable[[tuple[str, ...]], Task]
    batch_size: int
    complaint: Callable[[Example], str | None]
    formats: tuple[str, ...]
    submission: Submission


@dataclass(frozen=True)
class NamedFormat:
    """A file format as a user names it.

    Attributes:
        summary: One line for `isogloss list formats`.
        build: Makes the format from the columns a recipe names, if any.
    """

    summary: str
    build: Callable[[Columns], Format]


MOST_ALIKE = 2
"""A longer sentence of nothing but tags O holds no parts of speech."""

OTHER_COLUMN = "columns: {tokens: ..., tags: ...} names another column of tags (conll, jsonl, parquet)"


def _part_of_speech(labels: tuple[str, ...]) -> Task:
    from isogloss.tasks.tagging import part_of_speech

    return part_of_speech(labels)


def _named_entities(labels: tuple[str, ...]) -> Task:
    from isogloss.tasks.tagging import named_entities

    return named_entities(labels)


def _classification(name: str) -> Callable[[tuple[str, ...]], Task]:
    def build(labels: tuple[str, ...]) -> Task:
        from isogloss.tasks.classification import Classification

        return Classification(name, labels)

    return build


def _multiple_choice(labels: tuple[str, ...]) -> Task:
    from isogloss.tasks.choice import MultipleChoice

    return MultipleChoice("choice")


def _spans(labels: tuple[str, ...]) -> Task:
    from isogloss.tasks.spans import Spans

    return Spans("qa")


def _found(example: Example) -> str:
    """What an example is that does not fit, and the tasks that it is for."""
    match example:
        case TaggedSentence():
            return "; found tokens with tags, which are for tasks pos and ner"
        case LabelledText(pair=None):
            return "; found one text, which is for task topic"
        case LabelledText():
            return "; found two texts, which are for tasks nli and paraphrase"
        case Choice():
            return "; found alternatives to choose from, which are for task choice"
        case Question():
            return "; found a question on a text, which is for task qa"


def _is_no_sentence(example: Example) -> str | None:
    if isinstance(example, TaggedSentence):
        return None
    needed = "tokens with a tag each, as formats conllu, conll, jsonl and parquet hold them"
    return f"this task needs {needed}{_found(example)}"


def _has_chunks(example: Example) -> str | None:
    if not isinstance(example, TaggedSentence):
        return _is_no_sentence(example)
    tags = example.tags or ()
    lost = next((tag for tag in tags if tag in NO_NUMBER), None)
    if lost is not None:
        return f"the tag of {example.tokens[tags.index(lost)]!r} is {lost}, which is no number: was a value lost?"
    # A tag O of another tag set (pronouns, say) does not stand alone in a sentence of several words.
    if len(tags) > MOST_ALIKE and set(tags) == {"O"}:
        return f"all tags of the sentence are O, of words outside of entities: they are for task ner; {OTHER_COLUMN}"
    # Readers have turned chunk tags of every scheme into IOB2, in which each chunk has a B-.
    chunk = next((tag for tag in tags if tag.startswith("B-")), None)
    if chunk is None or not all(tag == "O" or CHUNK.fullmatch(tag) for tag in tags):
        return None
    return f"tag {chunk!r} is of a chunk and no part of speech: it is for task ner; {OTHER_COLUMN}"


def _has_no_chunks(example: Example) -> str | None:
    if not isinstance(example, TaggedSentence):
        return _is_no_sentence(example)
    for tag in example.tags or ():
        if tag != "O" and CHUNK.fullmatch(tag) is None:
            found = f"tag {tag!r} is neither O nor a tag of an entity such as B-PER"
            if tag.isdecimal():
                return f"{found}; labels: [O, B-PER, ...] names tags that are numbers (jsonl, parquet)"
            return f"{found}; parts of speech are for task pos; {OTHER_COLUMN}"
    return None


def _is_no_text(example: Example) -> str | None:
    if isinstance(example, LabelledText):
        return None
    return (
        f"this task needs texts with one label each, as formats tsv, csv, jsonl and parquet hold them{_found(example)}"
    )


def _is_no_pair(example: Example) -> str | None:
    if isinstance(example, LabelledText) and example.pair is None:
        return f"this task needs two texts; columns: {{text: ..., pair: ..., label: ...}} names them{_found(example)}"
    return _is_no_text(example)


def _is_no_choice(example: Example) -> str | None:
    if isinstance(example, Choice):
        return None
    needed = "questions with alternatives to choose from, as format choice_jsonl holds them"
    return f"this task needs {needed}{_found(example)}"


def _is_no_question(example: Example) -> str | None:
    if isinstance(example, Question):
        return None
    return f"this task needs questions with the text that answers them, as format squad holds them{_found(example)}"


def _without_columns(make: Callable[[], Format]) -> Callable[[Columns], Format]:
    def build(columns: Columns) -> Format:
        if columns is not None:
            found = dict(columns)
            others = "conll, tsv, csv, jsonl and parquet"
            raise IsoglossError(f"columns: only {others} have columns to choose from, found {found}")
        return make()

    return build


def _json_lines(columns: Columns) -> Format:
    return JsonLines(_by_name(columns))


def _parquet(columns: Columns) -> Format:
    from isogloss.data.parquet import Parquet

    return Parquet(_by_name(columns))


def _by_name(columns: Columns) -> dict[str, str] | None:
    return None if columns is None else {name: str(key) for name, key in columns.items()}


TABLES = ("tsv", "csv", "jsonl", "parquet")
"""Formats of labelled texts."""

TASKS: dict[str, NamedTask] = {
    "pos": NamedTask(
        "parts of speech: token accuracy, F1 as XTREME computes it (seqeval 0.0.12)",
        _part_of_speech,
        16,
        _has_chunks,
        ("conllu", "conll", "jsonl", "parquet"),
        submitted_tags,
    ),
    "ner": NamedTask(
        "named entities: F1, precision, recall of entities (seqeval), accuracy",
        _named_entities,
        16,
        _has_no_chunks,
        ("conll", "jsonl", "parquet"),
        submitted_tags,
    ),
    "nli": NamedTask(
        "inference from premise to hypothesis: accuracy, macro-F1",
        _classification("nli"),
        32,
        _is_no_pair,
        TABLES,
        submitted_labels("entailment", "neutral", "contradiction"),
    ),
    "topic": NamedTask(
        "classification of one text: accuracy, macro-F1",
        _classification("topic"),
        32,
        _is_no_text,
        TABLES,
        submitted_labels(),
    ),
    "paraphrase": NamedTask(
        "whether two texts say the same: accuracy, macro-F1",
        _classification("paraphrase"),
        32,
        _is_no_pair,
        TABLES,
        submitted_labels("0", "1"),
    ),
    "choice": NamedTask(
        "one of the alternatives of a question (COPA, Social IQa): accuracy",
        _multiple_choice,
        16,
        _is_no_choice,
        ("choice_jsonl",),
        submitted_choices,
    ),
    "qa": NamedTask(
        "answers found in a text: F1 and exact match of SQuAD v1.1 and of MLQA",
        _spans,
        12,
        _is_no_question,
        ("squad",),
        submitted_answers,
    ),
}

FORMATS: dict[str, NamedFormat] = {
    "conllu": NamedFormat("CoNLL-U, tags from UPOS; ranges and empty nodes are passed over", _without_columns(ConllU)),
    "conll": NamedFormat("token and tag per line, blank line between sentences; IOB1, IOB2, BIOES", TokenTag),
    "tsv": NamedFormat("tab-separated columns without quoting", lambda columns: Table(columns=columns)),
    "csv": NamedFormat("comma-separated columns with quoting", lambda columns: Table(COMMA, columns)),
    "jsonl": NamedFormat("one JSON object per line: texts and labels, or lists of tokens and tags", _json_lines),
    "parquet": NamedFormat("columns of texts and labels, or lists of tokens and tags", _parquet),
    "choice_jsonl": NamedFormat(
        "one question with alternatives per line, with the keys of COPA or Social IQa", _without_columns(ChoiceLines)
    ),
    "squad": NamedFormat(
        "questions on texts in the JSON of SQuAD v1.1, as XQuAD, MLQA and TyDiQA-GoldP have it", _without_columns(Squad)
    ),
}

TEXT_FORMATS: dict[str, NamedFormat] = {
    **{name: FORMATS[name] for name in ("tsv", "csv", "jsonl")},
    "lines": NamedFormat("one sentence a line", _without_columns(Lines)),
    "conllu": NamedFormat("the running text of a treebank", _without_columns(RunningText)),
}
"""Formats of text to pre-train on."""
