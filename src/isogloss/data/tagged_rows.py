"""Tagged sentences as rows of lists, as JSON lines and Parquet have them: tokens, tags by name or number, an id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from isogloss.common.errors import IsoglossError, nearest
from isogloss.data.chunks import renamed_in_iob2
from isogloss.data.columns import TAGGED, absent, has_lone_surrogate
from isogloss.data.formats import finish
from isogloss.data.labels import SAME_NAMES, as_text, gold_tags, untagged
from isogloss.data.lines import is_blank
from isogloss.data.problems import Problems
from isogloss.data.words import are_running_numbers, check_words_are_there, without_prefix
from isogloss.examples import TaggedSentence


class BadRow(Exception):
    """What is wrong with a row; it is left out."""


def check_tagged_columns(columns: Iterable[str]) -> None:
    """Stop unless all columns are some of a tagged sentence's.

    Raises:
        IsoglossError: One is not.
    """
    for name in columns:
        if name not in TAGGED:
            raise IsoglossError(f"columns: unknown column {name!r} beside 'tokens'{nearest(name, TAGGED)}")


def locate_tagged(
    columns: Mapping[str, str] | None, names: Sequence[str], path: Path, line: int, problems: Problems
) -> dict[str, str]:
    """The file's column of each of ours that it has; nothing where the file has no tokens and none were asked for.

    Args:
        columns: The file's column by our name, as the user said; None: by their usual names.
        names: All columns that the file has.
        path: The file.
        line: Where it says so.
        problems: Takes an error for a column that is not there, and where several may hold the tags.
    """
    if columns is None:
        found = {ours: next((name for name in known if name in names), "") for ours, known in TAGGED.items()}
        if not found["tokens"]:
            return {}
        tags = [name for name in names if name in TAGGED["tags"]]
        if len(tags) > 1:
            found_tags = f"several columns of tags ({', '.join(tags)})"
            problems.error(path, line, f"{found_tags}; columns: {{tokens: ..., tags: ...}} names one", key="columns")
        return {ours: name for ours, name in found.items() if name}
    if (complaint := absent(columns, names)) is not None:
        problems.error(path, line, complaint, key="columns")
    return dict(columns)


def tagged_sentences(
    rows: Iterable[tuple[int, Mapping[str, Any]]],
    located: Mapping[str, str],
    others: Sequence[str],
    names: Sequence[str] | None,
    language: str,
    path: Path,
    problems: Problems,
    label_map: Mapping[str, str] = SAME_NAMES,
) -> list[TaggedSentence]:
    """The good sentences of a whole file, finished: in IOB2, with unique ids, checked for what only all of them show.

    Args:
        rows: Line and values by our names of each row; what a row lacks it has not.
        located: The file's column of each of ours.
        others: The file's other columns, for messages.
        names: Names of tags that are numbers, from 0; None: their numbers are their names.
        language: Language code.
        path: The file.
        problems: Takes what is wrong.
        label_map: Tags to rename.
    """
    sentences, first = list[TaggedSentence](), 1
    for number, (line, values) in enumerate(rows, start=1):
        first = line if number == 1 else first
        tags, name = values.get("tags"), values.get("id")
        try:
            tokens = _tokens(values.get("tokens"), located["tokens"])
            gold = None if tags is None else _tags(tags, names, located["tags"], len(tokens), label_map)
        except BadRow as error:
            problems.error(path, line, str(error))
            continue
        identity = str(number) if name is None else str(name)
        sentences.append(TaggedSentence(identity, language, tokens, gold, str(path), line, numbered=name is None))
    if are_running_numbers(sentence.tokens for sentence in sentences):
        found = f"the tokens (column {located['tokens']!r}) are running numbers"
        listed = ", ".join(others) or "no other"
        problems.error(path, first, f"{found}; columns: {{tokens: ..., tags: ...}} names others (there are {listed})")
        return []
    sentences = without_prefix(sentences, path, problems, lines_per_token=0)
    check_words_are_there(((one.line, " ".join(one.tokens)) for one in sentences), path, problems)
    return finish(renamed_in_iob2(sentences, label_map, path, problems, lines_per_token=0), path, problems)


def label_name(value: Any, names: Sequence[str] | None, column: str) -> str | None:  # noqa: ANN401 - any JSON
    """The label as a string; None where there is none.

    Raises:
        BadRow: It is neither a string nor a number, or a number that has no name.
    """
    if value is None or isinstance(value, str):
        return (value or "").strip() or None
    if not isinstance(value, int | float):
        raise BadRow(f"{column!r} holds {value!r}, which is neither a string nor a number")
    if names is None or value == -1 or value != value:  # NaN
        return as_text(value)
    if value not in range(len(names)):
        raise BadRow(f"{column!r} holds {value}, but there are {len(names)} labels: {', '.join(names)}")
    return names[int(value)]


def _list(value: Any, column: str) -> list[Any]:  # noqa: ANN401 - whatever the file holds
    if not isinstance(value, list):
        raise BadRow(f"{column!r} holds a {type(value).__name__}, not a list")
    return value


def _tokens(value: Any, column: str) -> tuple[str, ...]:  # noqa: ANN401
    tokens = _list(value, column)
    if not tokens:
        raise BadRow("sentence without tokens")
    for place, token in enumerate(tokens, start=1):
        if not isinstance(token, str) or is_blank(token):
            raise BadRow(f"token {place} is empty or no string: {token!r}")
        if has_lone_surrogate(token):
            raise BadRow(f"token {place} holds a lone surrogate, which is not a character")
    return tuple(tokens)


def _tags(
    value: Any,  # noqa: ANN401
    names: Sequence[str] | None,
    column: str,
    tokens: int,
    label_map: Mapping[str, str],
) -> tuple[str, ...] | None:
    """The tags of a sentence; None if no token has one."""
    tags = [_tag(tag, names, column) for tag in _list(value, column)]
    if len(tags) != tokens:
        raise BadRow(f"{tokens} tokens, but {len(tags)} tags")
    given = [tag for tag in tags if tag is not None]
    if given and len(given) < tokens:
        raise BadRow(f"token {tags.index(None) + 1} has no tag, where others of the sentence have one")
    if (place := untagged(given, label_map)) is not None:
        raise BadRow(f"token {place + 1} has the tag '_', where others of the sentence have a tag")
    return gold_tags(given, label_map) if given else None


def _tag(value: Any, names: Sequence[str] | None, column: str) -> str | None:  # noqa: ANN401
    """The tag as a string; None where there is none, which integers say by -1."""
    if isinstance(value, bool | float):
        raise BadRow(f"{column!r} holds {value!r}, which is neither a string nor an integer")
    return None if value == -1 else label_name(value, names, column)
