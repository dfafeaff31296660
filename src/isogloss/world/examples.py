"""Sentences as the examples of tasks."""

from __future__ import annotations

from collections.abc import Sequence

from isogloss.examples import LabelledText, TaggedSentence
from isogloss.world.realise import Sentence


def with_parts_of_speech(sentences: Sequence[Sentence], language: str, prefix: str) -> list[TaggedSentence]:
    """Words with UPOS; the id is the prefix and the running number."""
    return [
        TaggedSentence(
            f"{prefix}-{number}", language, sentence.tokens, sentence.tags, spaces=(False, *sentence.spaces[:-1])
        )
        for number, sentence in enumerate(sentences, start=1)
    ]


def with_entities(sentences: Sequence[Sentence], language: str) -> list[TaggedSentence]:
    """Words with IOB2 tags; the id is the running number."""
    return [
        TaggedSentence(str(number), language, sentence.tokens, sentence.entities)
        for number, sentence in enumerate(sentences, start=1)
    ]


def with_topics(sentences: Sequence[Sentence], language: str, prefix: str, between: str) -> list[LabelledText]:
    """Texts with their topic; every second one is two sentences, the other being the last one of the same topic.

    Args:
        sentences: The sentences.
        language: Their language.
        prefix: What an id begins with, before the running number.
        between: What stands between two sentences of a text.
    """
    found = []
    earlier: dict[str, str] = {}
    for number, sentence in enumerate(sentences, start=1):
        topic, text = sentence.meaning.topic, sentence.text
        told = [earlier[topic], text] if number % 2 == 0 and topic in earlier else [text]
        earlier[topic] = text
        found.append(LabelledText(f"{prefix}-{number}", language, between.join(told), None, topic))
    return found


def without_labels(sentences: Sequence[Sentence], language: str, prefix: str = "") -> list[LabelledText]:
    """Texts of a sentence each; the id is the prefix and the running number, so equal numbers have equal ids."""
    return [
        LabelledText(f"{prefix}{number}", language, sentence.text, None, None)
        for number, sentence in enumerate(sentences, start=1)
    ]
