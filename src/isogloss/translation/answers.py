"""Answers found again in a translated text: between marks that were translated with it, or by searching it.

A place is only ever given with the text that stands there, so no answer can have a wrong one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from isogloss.common.languages import writes_spaces
from isogloss.common.sentences import joined, sentences
from isogloss.examples import Question

MARKS = ("[", "]")
"""What is put around an answer, as EasyProject does: of the marks that it compared, models keep brackets best."""

Look = Callable[[str], str]
"""The translation of a text."""


@dataclass(frozen=True)
class Found:
    """A translated context with the answers that were found in it.

    Attributes:
        context: The translated context.
        answers: Those found, each with its first character in the context.
        lost: Why each of the others was not.
        marked: How many were found between marks.
        searched: How many by searching.
    """

    context: str
    answers: tuple[tuple[str, int], ...]
    lost: tuple[str, ...]
    marked: int
    searched: int


def texts_of(question: Question, *, answers: bool) -> Iterator[str]:
    """All texts whose translations `find_answers` may ask for.

    Args:
        question: The question.
        answers: Whether its answers are to be found again.
    """
    yield from (question.context[start:stop] for start, stop in sentences(question.context))
    for text, start in (question.answers or ()) if answers else ():
        yield text
        marked = None if start is None else _marked(question.context, text, start)
        if marked is not None:
            yield marked[2]


def translated_context(question: Question, look: Look, language: str) -> str:
    """The context, translated sentence by sentence."""
    return joined([look(question.context[start:stop]) for start, stop in sentences(question.context)], language)


def find_answers(question: Question, look: Look, language: str) -> Found:
    """Translate the context of a question and find its answers there.

    The context is translated sentence by sentence. Then the sentence of an answer is translated once more with marks
    around the answer, and what stands between the marks is looked for in the context; if the marks were lost, or it is
    not there, the answer's own translation is. Letter case, Unicode's forms of a character, white space and punctuation
    at the ends do not count, and words are not cut where the language has spaces. Of several places that one counts
    which lies, as a share of the text, nearest to the answer in the original.

    Args:
        question: The question.
        look: Gives the translation of each text that `texts_of` names.
        language: Language of the translations.

    Example:
        >>> said = {"Eva came.": "Eva kam.", "[Eva] came.": "[Eva] kam.", "Eva": "Eva"}
        >>> find_answers(Question("1", "en", "en", "Who?", "Eva came.", (("Eva", 0),)), said.__getitem__, "de").answers
        (('Eva', 0),)

    Reference:
        Chen et al., *Frustratingly Easy Label Projection for Cross-lingual Transfer*, Findings of ACL 2023 (marks).
    """
    context = translated_context(question, look, language)
    found, lost, marked, searched = [], [], 0, 0
    for text, start in question.answers or ():
        if start is None:
            lost.append("the original context does not hold it")
            continue
        share = (start + len(text) / 2) / len(question.context)
        between = _between_marks(question.context, text, start, look)
        place = None if between is None else search(between, context, share, language)
        if place is not None:
            marked += 1
        elif (place := search(look(text), context, share, language)) is not None:
            searched += 1
        else:
            lost.append("its translation is not in the translated context")
            continue
        assert context[place[0] : place[1]].strip(), (context, place)
        found.append((context[place[0] : place[1]], place[0]))
    return Found(context, tuple(dict.fromkeys(found)), tuple(lost), marked, searched)


def search(text: str, context: str, share: float, language: str) -> tuple[int, int] | None:
    """Begin and end of a text in a context, see `find_answers`; None: it is not there.

    Args:
        text: The text.
        context: The context.
        share: Where the text's middle is expected, as a share of the context in [0, 1].
        language: Language of both.

    Example:
        >>> search("das Haus.", "Das Haus ist alt, das haus!", 0.9, "de")
        (18, 26)
    """
    folded, origins = _folded(context)
    wanted = _folded(text)[0].strip()
    while wanted and unicodedata.category(wanted[0]).startswith("P"):
        wanted = wanted[1:].lstrip()
    while wanted and unicodedata.category(wanted[-1]).startswith("P"):
        wanted = wanted[:-1].rstrip()
    if not wanted:
        return None
    whole_words = writes_spaces(language)
    places = []
    at = folded.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        cut = (at > 0 and folded[at - 1].isalnum() and wanted[0].isalnum()) or (
            end < len(folded) and folded[end].isalnum() and wanted[-1].isalnum()
        )
        # A character may be folded into several: half of one is none.
        half = (at > 0 and origins[at - 1] == origins[at]) or (end < len(folded) and origins[end] == origins[end - 1])
        if not half and not (cut and whole_words):
            places.append((origins[at], origins[end - 1] + 1))
        at = folded.find(wanted, at + 1)
    return min(places, key=lambda place: abs(sum(place) / 2 / len(context) - share), default=None)


def _folded(text: str) -> tuple[str, list[int]]:
    """The text as it is compared, and for each of its characters the place that it comes from."""
    characters: list[str] = []
    origins: list[int] = []
    for place, character in enumerate(text):
        folded = " " if character.isspace() else unicodedata.normalize("NFKC", character).casefold()
        if folded == " " and characters and characters[-1] == " ":
            continue
        characters += folded
        origins += [place] * len(folded)
    return "".join(characters), origins


def _marked(context: str, text: str, start: int) -> tuple[int, int, str] | None:
    """Begin and end of an answer's sentence, and the sentence with marks around the answer; None: it has marks."""
    stop = start + len(text)
    begin, end = next(
        (place for place in sentences(context, (start, stop)) if place[0] <= start and stop <= place[1]), (0, 0)
    )
    sentence = context[begin:end]
    if not sentence or any(mark in sentence for mark in MARKS):
        return None
    first, last = start - begin, stop - begin
    return begin, end, f"{sentence[:first]}{MARKS[0]}{sentence[first:last]}{MARKS[1]}{sentence[last:]}"


def _between_marks(context: str, text: str, start: int, look: Look) -> str | None:
    """What stands between the marks in the translation of an answer's sentence; None: not both came through."""
    marked = _marked(context, text, start)
    translation = "" if marked is None else look(marked[2])
    if [translation.count(mark) for mark in MARKS] != [1, 1]:
        return None
    between = translation.partition(MARKS[0])[2].partition(MARKS[1])
    return between[0].strip() if between[1] else None
