"""The small world: a closed world told in nine real languages, with labels that are right by construction."""

from isogloss.world.facts import Facts, World, draw_facts, the_world
from isogloss.world.generate import generate, generate_parallel
from isogloss.world.lexicon import grammar, language_codes
from isogloss.world.meaning import Clause, Meaning, Phrase, split_of
from isogloss.world.realise import Realiser, Sentence
from isogloss.world.write import SENTENCES, TEXT, write_world

__all__ = [
    "SENTENCES",
    "TEXT",
    "Clause",
    "Facts",
    "Meaning",
    "Phrase",
    "Realiser",
    "Sentence",
    "World",
    "draw_facts",
    "generate",
    "generate_parallel",
    "grammar",
    "language_codes",
    "split_of",
    "the_world",
    "write_world",
]
