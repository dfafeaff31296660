"""CoNLL-U, the format of Universal Dependencies, read and written for part-of-speech tags."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from isogloss.data.chunks import renamed_tags
from isogloss.data.column_lines import ORIGINAL, SENTENCE_ID
from isogloss.data.delimiters import TAB
from isogloss.data.formats import finish, predicted_tags
from isogloss.data.labels import NO_TAG, SAME_NAMES, gold_tags, untagged
from isogloss.data.lines import is_blank, read_lines, rewrite, to_bytes
from isogloss.data.problems import Problems
from isogloss.data.spacing import spaces_of_script, spaces_of_text
from isogloss.data.words import NOT_A_WORD, check_words_are_there
from isogloss.examples import Prediction, TaggedSentence

FORM, UPOS, MISC, COLUMNS = 1, 3, 9, 10
RANGE = re.compile(r"(\d{1,9})-(\d{1,9})\Z")
TEXT = re.compile(r"#\s*text\s*=\s*(.*\S)")
JOINED = "SpaceAfter=No"


class _Malformed(Exception):
    """A line that breaks a rule; the sentence is left out."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class ConllU:
    """CoNLL-U files: the tokens are the words of column FORM, the tags those of UPOS.

    A sentence whose tags are all ``_`` has no gold tags. The id is the comment ``# sent_id``, or else the running
    number of the sentence.

    Where a space stands before a word is known from the comment ``# text`` or, where there is none or it is not that of
    the words (a warning), from ``SpaceAfter=No``; a file that has neither gets the spaces of its script
    (`isogloss.data.spacing.spaces_of_script`). The words of a multiword token are written together if they spell it
    (``do`` + ``n't`` = ``don't``). If they do not (``de`` + ``le`` for ``du``), there is no letter at which each of
    them begins: they are written as words of their own, with spaces.
    """

    def read(
        self, path: Path, language: str, problems: Problems, label_map: Mapping[str, str] = SAME_NAMES
    ) -> list[TaggedSentence]:
        """The good sentences of the file."""
        sentences = []
        lines = read_lines(path, problems)
        marked = any(JOINED in line and not line.startswith("#") for line in lines)
        for number, block in enumerate(_blocks(lines), start=1):
            try:
                sentence = renamed_tags(_sentence(block, number, language, path, label_map), label_map)
            except _Malformed as error:
                problems.error(path, error.line, str(error))
                continue
            spaces = _spaces(block, sentence.tokens, marked, path, problems)
            sentences.append(dataclasses.replace(sentence, spaces=spaces))
        check_words_are_there(((one.line, " ".join(one.tokens)) for one in sentences), path, problems)
        return finish(sentences, path, problems)

    def dump(self, examples: Sequence[TaggedSentence]) -> bytes:
        """The content of a file from which `read` gives these sentences.

        Each has ``# sent_id`` and, where its spaces are known, ``# text`` and ``SpaceAfter=No``. Where they are not, it
        is read with those of its script.

        Raises:
            IsoglossError: A token or tag holds a tab or a line feed, or an id a line feed.

        Example:
            >>> sentence = TaggedSentence("a", "en", ("So", "!"), None, spaces=(False, False))
            >>> ConllU().dump([sentence]).decode().splitlines()[:2]
            ['# sent_id = a', '# text = So!']
        """
        return to_bytes(line for sentence in examples for line in _lines(sentence))

    def write(
        self,
        source: Path,
        predictions: Sequence[Prediction],
        destination: Path,
        label_map: Mapping[str, str] = SAME_NAMES,
    ) -> None:
        """Write ``source`` with the predicted tags in column UPOS; every other byte stays."""
        lines = read_lines(source, Problems())
        replacements = {}
        for sentence, tags in predicted_tags(self.read(source, "", Problems(), label_map), predictions, source):
            words = (number for number in itertools.count(sentence.line) if _is_word(lines[number - 1]))
            # The tags come first in the zip: it must not look for a word after the last one.
            for tag, number in zip(tags, words, strict=False):
                columns = lines[number - 1].split("\t")
                columns[UPOS] = tag
                replacements[number] = "\t".join(columns)
        rewrite(source, destination, replacements)


def _lines(sentence: TaggedSentence) -> Iterator[str]:
    """A sentence as it is written, a blank line after it."""
    number = len(sentence.tokens)
    yield f"# sent_id = {sentence.id}"
    joined = [False] * number
    if sentence.spaces is not None:
        yield f"# text = {sentence.text(sentence.spaces)}"
        joined = [not space for space in sentence.spaces[1:]]
        joined.append(False)  # nothing is said of the space after a sentence
    tags = sentence.tags or (NO_TAG,) * number
    for place, (token, tag, is_joined) in enumerate(zip(sentence.tokens, tags, joined, strict=True), start=1):
        yield TAB.join((str(place), token, "_", tag, *5 * "_", JOINED if is_joined else "_"))
    yield ""


def _blocks(lines: Sequence[str]) -> Iterator[list[tuple[int, str]]]:
    """The numbered lines of each sentence that has any word."""
    numbered = enumerate(lines, start=1)
    for blank, group in itertools.groupby(numbered, key=lambda line: not line[1].strip()):
        block = list(group)
        if not blank and not all(text.startswith("#") for _, text in block):
            yield block


def _is_word(line: str) -> bool:
    return not line.startswith("#") and not NOT_A_WORD.match(line.split("\t", 1)[0])


def _sentence(
    block: list[tuple[int, str]], number: int, language: str, path: Path, label_map: Mapping[str, str]
) -> TaggedSentence:
    """The sentence that stands in the lines of ``block``."""
    words: list[tuple[int, str, str]] = []
    name = original = None
    for line, text in block:
        if text.startswith("#"):
            match = SENTENCE_ID.match(text)
            name = match[1] if match else name
            before = ORIGINAL.match(text)
            original = before[1] if before else original
            continue
        columns = text.split("\t")
        if len(columns) != COLUMNS:
            raise _Malformed(line, f"expected {COLUMNS} columns separated by tabs, found {len(columns)}")
        if NOT_A_WORD.match(columns[0]):
            continue
        if columns[0] != str(len(words) + 1):
            hint = "; is the blank line between two sentences missing?" if columns[0] == "1" else ""
            raise _Malformed(line, f"expected ID {len(words) + 1}, found {columns[0]!r}{hint}")
        # A form may be a no-break or an ideographic space.
        for empty, title in ((is_blank(columns[FORM]), "FORM"), (not columns[UPOS].strip(), "UPOS")):
            if empty:
                raise _Malformed(line, f"column {title} is empty")
        words.append((line, columns[FORM], columns[UPOS]))
    if not words:
        raise _Malformed(block[0][0], "sentence without words")
    lines, tokens, tags = zip(*words, strict=True)
    if (place := untagged(tags, label_map)) is not None:
        raise _Malformed(lines[place], "UPOS is '_', where other words of the sentence have a tag")
    gold = gold_tags(tags, label_map)
    own = (name or str(number), language, tokens, gold, str(path), lines[0])
    return TaggedSentence(*own, original=original, numbered=name is None)


@dataclass(frozen=True, slots=True)
class _Written:
    """A word, or a multiword token with its words, as it stands in the text."""

    form: str
    words: tuple[str, ...]
    joined: bool  # no space after it


def _spaces(
    block: list[tuple[int, str]], tokens: Sequence[str], marked: bool, path: Path, problems: Problems
) -> tuple[bool, ...]:
    """Before which of the words of a good sentence a space stands; ``marked``: its file says SpaceAfter=No at all."""
    written = _written([text.split("\t") for _, text in block if not text.startswith("#")], tokens)
    forms = [part.form for part in written]
    before = spaces_of_script(forms)
    if marked:
        before = (False, *(not part.joined for part in written))[: len(written)]
    for line, text in block:
        given = TEXT.match(text)
        if given is not None:
            found = spaces_of_text(given[1], forms)
            source = "SpaceAfter" if marked else "the rules of its script"
            if found is None:
                problems.warning(path, line, f"# text is not that of the words: spaces between them by {source}")
            else:
                before = found
    return tuple(
        space if place == 0 else "".join(part.words) != part.form
        for part, space in zip(written, before, strict=True)
        for place in range(len(part.words))
    )


def _written(rows: Sequence[Sequence[str]], tokens: Sequence[str]) -> list[_Written]:
    """What stands in the text, one after the other; a range that does not fit the words counts as none."""
    written: list[_Written] = []
    done = 0
    for columns in rows:
        bounds = RANGE.match(columns[0]) if columns[FORM].strip() else None
        first, last = (int(bounds[1]), int(bounds[2])) if bounds else (done + 1, done + 1)
        if first != done + 1 or not first <= last <= len(tokens) or (not bounds and columns[0] != str(first)):
            continue
        words = tuple(tokens[done:last])
        joined = JOINED in columns[MISC].split("|")
        written.append(_Written(columns[FORM] if bounds else tokens[done], words, joined))
        done = last
    return written
