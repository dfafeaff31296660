"""Sentences as lines of the formats that our readers read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from isogloss.world.realise import Sentence


def conllu(sentences: Iterable[Sentence], prefix: str) -> Iterator[str]:
    """CoNLL-U with UPOS; ``# sent_id`` is the prefix and the running number."""
    for number, sentence in enumerate(sentences, start=1):
        yield f"# sent_id = {prefix}-{number}\n# text = {sentence.text}\n"
        rows = zip(sentence.tokens, sentence.tags, sentence.spaces, strict=True)
        last = len(sentence.tokens)
        for place, (token, tag, space) in enumerate(rows, start=1):
            # Nothing is said of the space after a sentence.
            misc = "_" if space or place == last else "SpaceAfter=No"
            yield f"{place}\t{token}\t_\t{tag}\t_\t_\t_\t_\t_\t{misc}\n"
        yield "\n"


def entity_columns(sentences: Iterable[Sentence]) -> Iterator[str]:
    """Word and IOB2 tag a line, a blank line between sentences."""
    for sentence in sentences:
        yield from (f"{token}\t{tag}\n" for token, tag in zip(sentence.tokens, sentence.entities, strict=True))
        yield "\n"


def topic_table(sentences: Iterable[Sentence], prefix: str, spaces: bool) -> Iterator[str]:
    """Texts with their topic; every second one is two sentences, the other being the last one of the same topic."""
    yield "id\ttext\tlabel\n"
    earlier: dict[str, str] = {}
    for number, sentence in enumerate(sentences, start=1):
        topic, text = sentence.meaning.topic, sentence.text
        before = earlier.get(topic, "") if number % 2 == 0 else ""
        earlier[topic] = text
        yield f"{prefix}-{number}\t{before}{' ' if before and spaces else ''}{text}\t{topic}\n"


def identified(sentences: Iterable[Sentence]) -> Iterator[str]:
    """Id and text a line; equal numbers have equal ids."""
    return (f"p{number}\t{sentence.text}\n" for number, sentence in enumerate(sentences, start=1))


def plain(sentences: Iterable[Sentence]) -> Iterator[str]:
    """One sentence a line."""
    return (f"{sentence.text}\n" for sentence in sentences)
