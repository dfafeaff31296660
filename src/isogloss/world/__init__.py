"""The small world: a closed world told in nine real languages, with labels that are right by construction."""

from isogloss.world.choices import Choice, draw_choices
from isogloss.world.exercises import Teller
from isogloss.world.facts import Facts, World, draw_facts, the_world
from isogloss.world.generate import generate, generate_parallel
from isogloss.world.inference import Inference, draw_inferences, draw_single_inferences
from isogloss.world.knowledge import WorldKnowledge
from isogloss.world.lexicon import grammar, language_codes
from isogloss.world.meaning import Clause, Meaning, Phrase, split_of
from isogloss.world.paraphrases import Paraphrase, draw_paraphrases
from isogloss.world.realise import Realiser, Sentence
from isogloss.world.stories import Question, Story, draw_stories
from isogloss.world.write import SENTENCES, TEXT, write_world

__all__ = [
    "SENTENCES",
    "TEXT",
    "Choice",
    "Clause",
    "Facts",
    "Inference",
    "Meaning",
    "Paraphrase",
    "Phrase",
    "Question",
    "Realiser",
    "Sentence",
    "Story",
    "Teller",
    "World",
    "WorldKnowledge",
    "draw_choices",
    "draw_facts",
    "draw_inferences",
    "draw_paraphrases",
    "draw_single_inferences",
    "draw_stories",
    "generate",
    "generate_parallel",
    "grammar",
    "language_codes",
    "split_of",
    "the_world",
    "write_world",
]
