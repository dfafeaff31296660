"""What an article gives: sentences with the entities that they name, and the description of its own entity."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from isogloss.common.languages import writes_spaces
from isogloss.dumps import reasons
from isogloss.dumps.index import Index, Known
from isogloss.dumps.limits import Limits, words
from isogloss.dumps.rows import Description, Mention, Sentence
from isogloss.dumps.text.linked import Linked, join
from isogloss.dumps.text.markup import Paragraph
from isogloss.dumps.text.sentences import ends, split
from isogloss.dumps.text.tidy import tidy
from isogloss.dumps.text.walk import HOLE
from isogloss.dumps.times import is_time

# What no sentence has in it, but broken markup has.
_MARKUP = re.compile(
    r"\[\[|\]\]|\{\{|\}\}|\{\||\|\}|[|{}]|</?[a-zA-Z][^<>]*>|<!--|-->|&[a-z]+;|\bhttps?://|__[A-Z]+__|\w=\"|^[=*#:;]|==|"
    r"\[\w+://"
)


@dataclass(frozen=True, slots=True)
class Article:
    """An article as a dump has it.

    Attributes:
        title: Its title.
        known: Its entity, or why it has none.
        paragraphs: Its text.
    """

    title: str
    known: Known
    paragraphs: Iterable[Paragraph]


def rows(
    article: Article, language: str, index: Index, limits: Limits, drops: Counter[str]
) -> Iterator[Sentence | Description]:
    """The rows of an article: its description first, if there is one, then its sentences.

    Args:
        article: The article.
        language: Code of its language.
        index: The titles of its wiki, to follow links.
        limits: What is kept.
        drops: Takes what is dropped, by reason.
    """
    described = _is_indescribable(article, language, drops)
    is_open = not described
    for paragraph in article.paragraphs:
        if paragraph.is_item and not limits.lists:
            drops[reasons.IN_LIST] += 1
            continue
        cut = split(tidy(paragraph.content), language)
        if is_open and paragraph.is_opening:
            is_open = not any(words(part.text, language) >= limits.min_words for part in cut)
            if text := _description(cut, language, limits):
                described, is_open = True, False
                assert article.known.entity is not None
                yield Description(article.known.entity, language, text, article.title)
        whole = [part for part in cut if _is_sentence(part.text, language, limits, drops)]
        for part in packed(whole, language, limits.pack):
            sentence = _sentence(part, article, language, index, limits, drops)
            if sentence is not None:
                yield sentence
    if not described:
        drops[reasons.NO_OPENING] += 1


def _is_indescribable(article: Article, language: str, drops: Counter[str]) -> bool:
    """Whether no description is kept of an article, however it opens."""
    if article.known.entity is None:
        drops[reasons.NO_ITEM_OF_PAGE] += 1
    elif is_time(article.title, language):
        drops[reasons.PAGE_OF_TIME] += 1
    else:
        return False
    return True


def _is_sentence(text: str, language: str, limits: Limits, drops: Counter[str]) -> bool:
    reason = None
    if _MARKUP.search(text):
        reason = reasons.MARKUP_LEFT
    elif HOLE in text:
        reason = reasons.LOST_PART
    elif words(text, language) < limits.min_words:
        reason = reasons.TOO_SHORT
    elif len(text) > limits.max_characters:
        reason = reasons.TOO_LONG
    elif not ends(text, language):
        reason = reasons.NO_END
    if reason is not None:
        drops[reason] += 1
    return reason is None


def _description(sentences: Sequence[Linked], language: str, limits: Limits) -> str:
    """As many of the first sentences as fit and can be told; empty where the first cannot, or they say too little."""
    told = takewhile(lambda part: not _MARKUP.search(part.text) and HOLE not in part.text, sentences)
    first = next(packed(list(told), language, limits.max_characters), Linked(""))
    fits = len(first.text) <= limits.max_characters and ends(first.text, language)
    return first.text if fits and words(first.text, language) >= limits.min_words else ""


def packed(sentences: Sequence[Linked], language: str, characters: int) -> Iterator[Linked]:
    """Neighbours joined up to so many characters, with a space between them where the language writes spaces."""
    space, held = Linked(" " if writes_spaces(language) else ""), None
    for part in sentences:
        if held is not None and len(held.text) + len(space.text) + len(part.text) <= characters:
            held = join(held, space, part)
            continue
        if held is not None:
            yield held
        held = part
    if held is not None:
        yield held


def _sentence(
    part: Linked, article: Article, language: str, index: Index, limits: Limits, drops: Counter[str]
) -> Sentence | None:
    mentions = []
    for link in part.links:
        known = index.find(link.target)
        if is_time(known.title, language):
            known = Known(known.title, None, reasons.TO_TIME)
        text = part.text[link.start : link.end]
        if known.entity is None:
            assert known.reason is not None
            drops[known.reason] += 1
        elif known.entity == article.known.entity:
            drops[reasons.TO_ITSELF] += 1  # "see below": a section of the page, by the name of the page
        elif not text.strip() or len(text) > limits.max_mention:
            drops[reasons.LONG_MENTION] += 1
        else:
            left = len(text) - len(text.lstrip())
            mentions.append(Mention(link.start + left, link.start + len(text.rstrip()), known.entity))
    if len(mentions) > limits.max_mentions:
        drops[reasons.TOO_MANY_MENTIONS] += 1
        return None
    if not mentions and not limits.unlinked:
        drops[reasons.NO_MENTION] += 1
        return None
    assert unicodedata.is_normalized("NFC", part.text) or not mentions
    return Sentence(part.text, language, tuple(mentions), article.title)
