"""Inference, paraphrases, choices and questions told in a language, as the files that our readers read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from isogloss.world.choices import Choice
from isogloss.world.facts import World
from isogloss.world.inference import Inference
from isogloss.world.lexicon import grammar
from isogloss.world.meaning import Meaning
from isogloss.world.paraphrases import Paraphrase
from isogloss.world.realise import Realiser, Sentence
from isogloss.world.stories import Story


class Teller:
    """Tells texts of several sentences in one language; remembers the sentences it has told.

    Args:
        language: Code of one of `language_codes`.
        world: The world; the usual one by default.
    """

    def __init__(self, language: str, world: World | None = None) -> None:
        found = grammar(language)
        self._realiser = Realiser(found, world)
        self._told: dict[Meaning, Sentence] = {}
        self.between = " " if found.spaces else ""

    def sentence(self, meaning: Meaning) -> Sentence:
        """The sentence of a meaning."""
        if meaning not in self._told:
            self._told[meaning] = self._realiser.tell(meaning)
        return self._told[meaning]

    def text(self, meanings: Sequence[Meaning]) -> str:
        """The text of several."""
        return self.between.join(self.sentence(meaning).text for meaning in meanings)


def inference_table(pairs: Iterable[Inference], teller: Teller, prefix: str) -> Iterator[str]:
    """TSV with ``id``, ``premise``, ``hypothesis`` and ``label``; the id is the prefix and the running number."""
    yield "id\tpremise\thypothesis\tlabel\n"
    for number, pair in enumerate(pairs, start=1):
        yield f"{prefix}-{number}\t{teller.text(pair.premise)}\t{teller.text((pair.hypothesis,))}\t{pair.label}\n"


def paraphrase_table(pairs: Iterable[Paraphrase], teller: Teller, prefix: str) -> Iterator[str]:
    """TSV with ``id``, ``sentence1``, ``sentence2`` and ``label``, 1 where both say the same, as PAWS-X has it."""
    yield "id\tsentence1\tsentence2\tlabel\n"
    for number, pair in enumerate(pairs, start=1):
        yield f"{prefix}-{number}\t{teller.text(pair.first)}\t{teller.text(pair.second)}\t{int(pair.same)}\n"


def choice_lines(choices: Iterable[Choice], teller: Teller) -> Iterator[str]:
    """JSON lines with COPA's ``premise``, ``choice1``, ``choice2``, ``question``, ``label`` and ``idx``, from 0."""
    for number, choice in enumerate(choices):
        first, second = (teller.text((meaning,)) for meaning in choice.choices)
        row: dict[str, str | int] = {"premise": teller.text((choice.premise,)), "choice1": first, "choice2": second}
        row |= {"question": choice.asks_for, "label": choice.label, "idx": number}
        yield json.dumps(row, ensure_ascii=False) + "\n"


def squad(stories: Iterable[Story], teller: Teller, prefix: str) -> Iterator[str]:
    """JSON as SQuAD 1.1 has it: a paragraph for each story; ids are the prefix and two running numbers."""
    articles = [
        {"title": f"{prefix}-{number}", "paragraphs": [_paragraph(story, teller, f"{prefix}-{number}")]}
        for number, story in enumerate(stories, start=1)
    ]
    yield json.dumps({"version": "1.1", "data": articles}, ensure_ascii=False) + "\n"


def _paragraph(story: Story, teller: Teller, prefix: str) -> dict[str, object]:
    sentences = [teller.sentence(meaning) for meaning in story.sentences]
    context = teller.between.join(sentence.text for sentence in sentences)
    questions = []
    for number, question in enumerate(story.questions, start=1):
        before = sum(len(sentence.text) + len(teller.between) for sentence in sentences[: question.sentence])
        start, end = (before + place for place in sentences[question.sentence].span(question.role))
        answer = {"text": context[start:end], "answer_start": start}
        text = teller.text((question.meaning,))
        questions.append({"id": f"{prefix}-{number}", "question": text, "answers": [answer]})
    return {"context": context, "qas": questions}
