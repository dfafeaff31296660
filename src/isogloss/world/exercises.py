"""Inference, paraphrases, choices and questions told in a language, as the examples of tasks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from isogloss import examples
from isogloss.examples import LabelledText
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
        self.language = language
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


def inference_examples(pairs: Iterable[Inference], teller: Teller, prefix: str) -> list[LabelledText]:
    """Premise and hypothesis with their label; the id is the prefix and the running number."""
    return [
        LabelledText(
            f"{prefix}-{number}",
            teller.language,
            teller.text(pair.premise),
            teller.text((pair.hypothesis,)),
            pair.label,
        )
        for number, pair in enumerate(pairs, start=1)
    ]


def paraphrase_examples(pairs: Iterable[Paraphrase], teller: Teller, prefix: str) -> list[LabelledText]:
    """Two texts, the label 1 where both say the same, as PAWS-X has it; the id is the prefix and the running number."""
    return [
        LabelledText(
            f"{prefix}-{number}",
            teller.language,
            teller.text(pair.first),
            teller.text(pair.second),
            str(int(pair.same)),
        )
        for number, pair in enumerate(pairs, start=1)
    ]


def choice_examples(choices: Iterable[Choice], teller: Teller) -> list[examples.Choice]:
    """Two alternatives each, the question being COPA's word for it; the id is the running number, from 0."""
    return [
        examples.Choice(
            str(number),
            teller.language,
            teller.text((choice.premise,)),
            choice.asks_for,
            tuple(teller.text((meaning,)) for meaning in choice.choices),
            str(choice.label),
        )
        for number, choice in enumerate(choices)
    ]


def story_examples(story: Story, teller: Teller, prefix: str) -> list[examples.Question]:
    """The questions of a story; the id is the prefix and the running number."""
    sentences = [teller.sentence(meaning) for meaning in story.sentences]
    context = teller.between.join(sentence.text for sentence in sentences)
    found = []
    for number, question in enumerate(story.questions, start=1):
        before = sum(len(sentence.text) + len(teller.between) for sentence in sentences[: question.sentence])
        start, end = (before + place for place in sentences[question.sentence].span(question.role))
        asked, answers = teller.text((question.meaning,)), ((context[start:end], start),)
        language = teller.language
        found.append(examples.Question(f"{prefix}-{number}", language, language, asked, context, answers))
    return found
