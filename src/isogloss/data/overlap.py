"""Which sentences must not be trained on: those of files that a model will be measured on, found by what they say.

Two texts are the same here if they are so after NFKC normalisation and case folding, all white space left out. So a
sentence is found again whether a file holds it as running text, a token a line, or as a list of tokens. Of a text of
several sentences, such as the passage of a question, each sentence counts, too.
"""

from __future__ import annotations

import glob
import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from isogloss.common.errors import IsoglossError
from isogloss.common.sentences import sentences
from isogloss.data.all_texts import all_texts
from isogloss.data.problems import Problems
from isogloss.examples import Choice, Example, LabelledText, Question, TaggedSentence

Read = Callable[[Problems], Sequence[Example]]
"""Reads the examples of a file, as it is known to be read."""


def digest(text: str) -> bytes:
    """What two texts share that are the same but for case, width and white space.

    Example:
        >>> digest("The  Ｗorld") == digest("the world")
        True
    """
    folded = "".join(unicodedata.normalize("NFKC", text).casefold().split())
    return hashlib.blake2b(folded.encode("utf-8", "surrogatepass"), digest_size=12).digest()


def held_out(patterns: Iterable[str], known: Mapping[Path, Read] | None = None) -> frozenset[bytes]:
    """The digests of all texts in files, of whatever format, and of the sentences in them.

    What a file holds is told by its name, see `isogloss.data.all_texts`. Whether a text is among them says
    `is_held_out`.

    Args:
        patterns: Paths, with ``*`` and ``**`` as the shell has them.
        known: How files are read of which this is known, by resolved path: what they hold is not left to their names.

    Raises:
        IsoglossError: A pattern finds no file, or a file cannot be read.
    """
    found, problems = set(), Problems()
    for pattern in patterns:
        paths = sorted(Path(name) for name in glob.glob(pattern, recursive=True))
        if not paths:
            raise IsoglossError(f"exclude: {pattern!r} finds no file")
        for path in paths:
            read = (known or {}).get(path.resolve())
            texts = [] if read is None else [text for example in read(problems) for text in _said(example)]
            # Of a file that can be read for certain, its text as it was written, which its tokens need not be.
            texts += all_texts(path, problems if read is None else Problems())
            found |= {digest(part) for text in texts for part in _parts(text)}
    problems.raise_errors()
    return frozenset(found)


def is_held_out(text: str, digests: frozenset[bytes]) -> bool:
    r"""Whether a text is one of those with some digests, or has one before or after a tab, as a pair of texts does.

    Example:
        >>> is_held_out("He sleeps.\tShe reads.", frozenset([digest("she reads.")]))
        True
    """
    return bool(digests) and any(digest(part) in digests for part in {text, *text.split("\t")})


def _said(example: Example) -> Sequence[str | None]:
    """The texts of an example."""
    match example:
        case TaggedSentence():
            return ["".join(example.tokens)]
        case LabelledText():
            return [example.text, example.pair]
        case Choice():
            return [example.context, example.question, *example.alternatives]
        case Question():
            return [example.question, example.context]


def _parts(text: str | None) -> Iterator[str]:
    """A text and its sentences; none where there is nothing in it."""
    if text and text.strip():
        yield text
        yield from (text[start:stop] for start, stop in sentences(text))
