"""Knowledge read and cut into sub-words, and what cannot be learned from it said before anything starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from isogloss.common.errors import IsoglossError
from isogloss.data.overlap import held_out
from isogloss.recipe.build.knowledge import build_apart, build_knowledge
from isogloss.recipe.spec import knowledge as spec
from isogloss.recipe.spec.pretraining import Pretraining
from isogloss.store.cache import cache_of_environment
from isogloss.store.encoding import Wanted, encode_knowledge
from isogloss.store.knowledge import EncodedKnowledge


@dataclass(frozen=True)
class Known:
    """Knowledge that can be learned from.

    Attributes:
        knowledge: The knowledge.
        files: SHA-256 of what it was read from, by path.
    """

    knowledge: EncodedKnowledge
    files: Mapping[str, str]


def read_knowledge(recipe: Pretraining, asked: spec.Knowledge, tokenizer: PreTrainedTokenizerBase) -> Known:
    """The knowledge of a recipe. Sentences are kept apart to measure on where there is no other text.

    Raises:
        IsoglossError: There is none, it has an error, or it has nothing that a source could learn from.
    """
    found = build_knowledge(asked, recipe.limit)
    wanted = Wanted(
        languages=recipe.languages,
        limit=recipe.limit,
        held_out=0 if recipe.text else recipe.held_out,
        excluded=held_out(recipe.exclude),
        apart=build_apart(asked),
    )
    knowledge = encode_knowledge(found, tokenizer, wanted, cache_of_environment())
    for source in recipe.contrasting:
        known = {"mep": sum(map(len, knowledge.mentions.values())), "oe": len(knowledge.facts)}[source.kind]
        if not known:
            what = "mention of an entity" if source.kind == "mep" else "fact about entities"
            counts = ", ".join(f"{number:,} {name}" for name, number in knowledge.counts.items())
            raise IsoglossError(
                f"sources: {source.kind}: {asked.corpus} has no {what} with a description to learn from, only {counts}"
            )
    if asked.leave_out is None:
        return Known(knowledge, found.identity())
    if not (knowledge.counts.get("mentions of entities kept apart") or knowledge.counts["facts kept apart"]):
        raise IsoglossError(
            f"knowledge.leave_out: {asked.corpus} has no mention and no fact of what {asked.leave_out} names"
        )
    return Known(knowledge, {**found.identity(), asked.leave_out: wanted.apart.key()["listed"]})
