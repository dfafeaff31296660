"""Mentions in sentences as questions: which entity is meant?"""

from __future__ import annotations

from collections import Counter

import numpy as np

from isogloss.common.randomness import derive
from isogloss.data.apart import Apart
from isogloss.data.knowledge import Knowledge, Linked, Mention
from isogloss.diagnostics.knowledge.questions import ALL, SEEN, UNSEEN, Form, Question
from isogloss.diagnostics.knowledge.sample import Sample
from isogloss.streams.mentions import with_mention


def mention_questions(
    knowledge: Knowledge,
    form: Form,
    entities: frozenset[str],
    apart: Apart | None,
    *,
    mask: int | None,
    per_piece: bool = True,
    most: int,
    seed: int,
) -> dict[str, list[Question]]:
    """Sentences around a mention, by language; the vector of its first sub-word stands for the entity.

    The most frequent answer is the entity that is mentioned most in the language, of those that were not kept apart.

    Args:
        knowledge: Sentences and their mentions.
        form: How they become sub-words.
        entities: Entities that have a description.
        apart: Which entities were kept apart from training; None: that is not known.
        mask: What a mention is hidden by; None: it is shown.
        per_piece: Whether a mask stands for each of its sub-words, or one for all.
        most: Mentions of a language, of entities seen and unseen alike.
        seed: Decides which.
    """
    sample: Sample[tuple[str, str], tuple[str, Linked, Mention]] = Sample(most, seed)
    frequencies = dict[str, Counter[str]]()
    for number, sentence in enumerate(knowledge.sentences()):
        for mention in sentence.mentions:
            if mention.entity in entities:
                name = f"{number}:{mention.start}-{mention.end}"
                view = ALL if apart is None else UNSEEN if apart.has_entity(derive(mention.entity)) else SEEN
                sample.offer((sentence.language, view), name, (name, sentence, mention))
                frequencies.setdefault(sentence.language, Counter())[mention.entity] += view in (ALL, SEEN)
    found = dict[str, list[Question]]()
    for (language, view), drawn in sorted(sample.things().items()):
        for name, sentence, mention in drawn:
            encoding = form.backend.encode(sentence.text, add_special_tokens=False)
            inside = [
                piece
                for piece, (left, right) in enumerate(encoding.offsets)
                if left < mention.end and mention.start < right
            ]
            if not inside:
                continue
            pieces, first, end = np.asarray(encoding.ids, np.int64), inside[0], inside[-1] + 1
            instead = pieces[first:end] if mask is None else np.full(end - first if per_piece else 1, mask)
            text, place = with_mention(pieces, first, end, instead, form.frame.room(form.length, 1))
            question = Question(
                name,
                view,
                mention.entity,
                form.frame.around(text),
                place + len(form.frame.before),
                mention.entity,
                frozenset((mention.entity,)),
                frequencies[language],
            )
            found.setdefault(language, []).append(question)
    return found
