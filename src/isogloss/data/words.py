"""What only the words of a whole file show: text that was taken out, running numbers, the prefix of WikiANN's files."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from isogloss.common.languages import find
from isogloss.data.problems import Problems
from isogloss.examples import TaggedSentence

# A multiword token 3-4 or an empty node 8.1 of CoNLL-U: neither is a syntactic word, so neither has a tag.
NOT_A_WORD = re.compile(r"\d+[-.]\d+\Z")
# WikiANN's own files write `fr:Paris`; codes of Wikipedias are such as `fr`, `simple`, `zh-min-nan`.
PREFIX = re.compile(r"[a-z]{2,}(?:-[a-z]+)*:")


def check_words_are_there(texts: Iterable[tuple[int, str]], path: Path, problems: Problems) -> None:
    """Check that the words of a file have not been replaced by ``_``, as in treebanks distributed without their text.

    Args:
        texts: Line and text of each sentence, its words with spaces between them.
        path: The file.
        problems: Takes an error if more than half of the sentences are nothing but ``_``, else a warning for each.
            A sentence of a single ``_`` is a word as good as others and does not count.
    """
    texts = list(texts)
    without = [line for line, text in texts if len(text) > 1 and not text.strip("_ ")]
    if 2 * len(without) > len(texts):
        problems.error(
            path,
            without[0],
            f"{len(without)} of {len(texts)} sentences have '_' for every word: the treebank is distributed without "
            "its text, most often for its licence; its README.md (github.com/UniversalDependencies, one repository a "
            "treebank) says where the text is to be had and how to put it in",
        )
        return
    for line in without:
        problems.warning(path, line, "every word of the sentence is '_': has its text been taken out?")


def are_running_numbers(sentences: Iterable[Sequence[str]]) -> bool:
    """Whether the entries of each sentence are numbers that run from 0 or 1, or on from the sentence before.

    Numbers of multiword tokens and of empty nodes (``3-4``, ``8.1``) may stand between them. A single entry proves
    nothing: some sentence must have two.

    Example:
        >>> are_running_numbers([["1", "2", "2-3", "3"], ["1"]]), are_running_numbers([["1"], ["1"]])
        (True, False)
    """
    last, longest = 0, 0
    for sentence in sentences:
        numbers = [entry for entry in sentence if not NOT_A_WORD.match(entry)]
        first = next((start for start in (0, 1, last + 1) if numbers[:1] == [str(start)]), None)
        if first is None or numbers != [str(first + place) for place in range(len(numbers))]:
            return False
        last, longest = first + len(numbers) - 1, max(longest, len(numbers))
    return longest > 1


def without_prefix(
    sentences: list[TaggedSentence], path: Path, problems: Problems, *, lines_per_token: int = 1
) -> list[TaggedSentence]:
    """The sentences without the prefix ``fr:`` that all their tokens bear; where one does not, as they are.

    Args:
        sentences: All good sentences of a file.
        path: The file.
        problems: Takes a warning where the prefix was taken off, and an error per token that is nothing else.
        lines_per_token: 1 where a token has a line of its own, 0 where a sentence has one line.
    """
    found = PREFIX.match(sentences[0].tokens[0]) if sentences else None
    if found is None or (sentences[0].language != found[0][:-1] and find(found[0][:-1]) is None):
        return sentences  # not the code of a language, as http: is none
    tokens = [token for one in sentences for token in one.tokens]
    if len(tokens) < 2 or not all(token.startswith(found[0]) for token in tokens):
        return sentences
    problems.warning(path, None, f"every token begins with {found[0]!r}, as in WikiANN's own files: read without it")
    stripped = []
    for sentence in sentences:
        bare = tuple(token.removeprefix(found[0]) for token in sentence.tokens)
        if "" in bare:
            problems.error(path, sentence.line + lines_per_token * bare.index(""), f"empty token after {found[0]!r}")
        else:
            stripped.append(dataclasses.replace(sentence, tokens=bare))
    return stripped
