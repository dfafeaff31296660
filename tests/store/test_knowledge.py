"""Knowledge cut into sub-words: mentions keep their places, what cannot be learned is counted, nothing is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import PreTrainedTokenizerBase

from isogloss.common.errors import IsoglossError
from isogloss.common.randomness import derive
from isogloss.data.apart import Apart, Listed
from isogloss.data.knowledge import Description, Fact, Linked, Mention
from isogloss.data.overlap import digest
from isogloss.models.tokenizer import train_tokenizer
from isogloss.store.arrays import PENDING, ArrayWriter, read_arrays
from isogloss.store.cache import Cache
from isogloss.store.encoding import Wanted, encode_knowledge
from isogloss.store.knowledge import EncodedKnowledge
from isogloss.world import WorldKnowledge
from tests.support.told import Told

ADA, ROME = Description("Q1", "en", "Ada is old", "Ada"), Description("Q2", "en", "Rome is a city", "Rome")
SENTENCE = Linked("Ada saw Rome", "en", (Mention(0, 3, "Q1"), Mention(8, 12, "Q2")))


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerBase:
    texts = [sentence.text for sentence in WorldKnowledge(0, 40, ["en", "zh"]).sentences()]
    return train_tokenizer([*texts, "Ada saw Rome a city is old lives in the"] * 3, 300)


def encoded(knowledge: Any, tokenizer: PreTrainedTokenizerBase, **wanted: Any) -> EncodedKnowledge:
    return encode_knowledge(knowledge, tokenizer, Wanted(**wanted), None)


@pytest.mark.parametrize("code", ["en", "zh", "tr"])
def test_the_sub_words_of_a_mention_are_those_of_its_characters(code: str, tokenizer: PreTrainedTokenizerBase):
    world = WorldKnowledge(0, 40, [code])
    found = encoded(world, tokenizer)
    told = [(sentence, mention) for sentence in world.sentences() for mention in sentence.mentions]
    mentions = found.mentions[code]
    assert len(mentions) == len(told) > 10
    texts = [sentence.text for sentence in world.sentences()]
    for number, (sentence, mention) in enumerate(told):
        pieces = found.sentences[code].sentence(int(mentions.sentence[number]))
        encoding = tokenizer.backend_tokenizer.encode(sentence.text, add_special_tokens=False)
        assert pieces.tolist() == encoding.ids
        assert mentions.entity[number] == derive(mention.entity)
        inside = encoding.offsets[int(mentions.first[number]) : int(mentions.end[number])]
        assert inside[0][0] <= mention.start < inside[0][1]
        assert inside[-1][0] < mention.end <= inside[-1][1]
        assert texts[int(mentions.sentence[number])] == sentence.text


def test_texts_are_found_by_entity_and_language(tokenizer: PreTrainedTokenizerBase):
    world = WorldKnowledge(0, 2, ["en", "de"])
    found = encoded(world, tokenizer)
    for told in [*world.descriptions()][::7]:
        texts = found.descriptions.of(derive(told.key))
        assert set(texts) == {0, 1}
        ids = tokenizer.backend_tokenizer.encode(told.text, add_special_tokens=False).ids
        assert texts[found.languages.index(told.language)].tolist() == ids
    assert found.descriptions.of(derive("nobody")) == {}
    assert len(found.relations.of(derive("live"))) == 2


def test_facts_are_sorted_each_once_and_know_all_objects(tokenizer: PreTrainedTokenizerBase):
    described = [Description(f"Q{n}", "en", "a city") for n in range(5)]
    names = [Description("P1", "en", "in"), Description("P2", "en", "is")]
    facts = [Fact("Q1", "P1", "Q2"), Fact("Q1", "P1", "Q3"), Fact("Q1", "P2", "Q4"), Fact("Q1", "P1", "Q2")]
    lacking = [Fact("Q1", "P1", "Q9"), Fact("Q9", "P1", "Q1"), Fact("Q1", "P9", "Q2")]
    found = encoded(Told([SENTENCE], described, facts + lacking, names), tokenizer)
    assert len(found.facts) == 3
    assert set(found.facts.objects(derive("Q1"), derive("P1")).tolist()) == {derive("Q2"), derive("Q3")}
    assert found.facts.objects(derive("Q1"), derive("P2")).tolist() == [derive("Q4")]
    assert found.counts["facts"] == 3
    assert found.counts["facts without a description of subject or object"] == 2
    assert found.counts["facts without a name of their relation"] == 1


def test_what_has_no_description_is_counted(tokenizer: PreTrainedTokenizerBase):
    found = encoded(Told([SENTENCE], [ADA]), tokenizer)
    assert len(found.mentions["en"]) == 1
    assert found.counts["mentions of entities without a description"] == 1


def test_languages_limits_and_exclusion(tokenizer: PreTrainedTokenizerBase):
    world = WorldKnowledge(0, 40)
    first = next(world.sentences()).text
    found = encoded(world, tokenizer, languages=("en", "zh"), limit=20, excluded=frozenset([digest(first)]))
    assert found.languages == ("en", "zh")
    assert (len(found.sentences["en"]), len(found.sentences["zh"])) == (19, 20)
    assert found.counts["sentences left out as excluded"] == 1
    assert set(found.descriptions.languages.tolist()) == {0, 1}
    with pytest.raises(IsoglossError, match=r"languages: no sentence of knowledge in 'fi'; there are some in de, en"):
        encoded(world, tokenizer, languages=("en", "fi"))


def test_held_out_sentences_are_apart_and_without_mentions(tokenizer: PreTrainedTokenizerBase):
    world = WorldKnowledge(0, 400, ["en"])
    found, whole = encoded(world, tokenizer, held_out=20), encoded(world, tokenizer)
    apart = {tuple(found.held_out["en"].sentence(n)) for n in range(len(found.held_out["en"]))}
    kept = {tuple(found.sentences["en"].sentence(n)) for n in range(len(found.sentences["en"]))}
    assert 8 < len(apart) < 40 and not apart & kept
    assert len(found.sentences["en"]) + len(found.held_out["en"]) == 400
    assert len(found.mentions["en"]) < len(whole.mentions["en"])


def test_entities_and_facts_are_kept_apart_by_share(tokenizer: PreTrainedTokenizerBase):
    world = WorldKnowledge(0, 300, ["en"])
    whole, part = encoded(world, tokenizer), encoded(world, tokenizer, apart=Apart(0.4, 0.3))
    seen = {name: set(found.mentions["en"].entity.tolist()) for name, found in (("whole", whole), ("part", part))}
    assert seen["part"] < seen["whole"] and 0.3 < len(seen["part"]) / len(seen["whole"]) < 0.9
    assert len(part.facts) < len(part.known) == len(whole.facts) == len(whole.known)
    assert part.counts["facts kept apart"] == len(part.known) - len(part.facts)


def test_of_listed_entities_nothing_is_learned_and_of_listed_facts_only_these(tokenizer: PreTrainedTokenizerBase):
    world = WorldKnowledge(0, 300, ["en"])
    homes = [fact for fact in world.facts() if fact.relation == "live"]
    fact = next(found for found in homes if found.subject != "anna")
    whole = encoded(world, tokenizer)
    part = encoded(world, tokenizer, apart=Apart(listed=Listed.of(["anna", tuple(fact)])))
    mentioned = {name: set(found.mentions["en"].entity.tolist()) for name, found in (("w", whole), ("p", part))}
    assert mentioned["w"] - mentioned["p"] == {derive("anna")}

    def facts(found: EncodedKnowledge) -> set[tuple[int, ...]]:
        own = found.facts
        return set(zip(own.subject.tolist(), own.relation.tolist(), own.object.tolist(), strict=True))

    about = {tuple(map(derive, found)) for found in world.facts() if "anna" in (found.subject, found.object)}
    assert facts(whole) - facts(part) == {*about, tuple(map(derive, fact))} and len(about) > 1
    assert len(part.known) == len(whole.known)  # what is kept apart is true all the same


def test_the_cache_gives_the_same_without_reading_again(tokenizer: PreTrainedTokenizerBase, tmp_path: Path):
    told, cache = Told([SENTENCE], [ADA, ROME]), Cache(tmp_path)
    first = encode_knowledge(told, tokenizer, Wanted(), cache)

    class Silent(Told):
        def sentences(self):
            raise AssertionError("read again")

    again = encode_knowledge(Silent(*told.parts), tokenizer, Wanted(), cache)
    for one, other in zip(vars(first.mentions["en"]).values(), vars(again.mentions["en"]).values(), strict=True):
        assert np.array_equal(one, other)
    assert np.array_equal(first.sentences["en"].ids, again.sentences["en"].ids)
    for other in (Wanted(held_out=1), Wanted(apart=Apart(0.5)), Wanted(apart=Apart(listed=Listed.of(["Q1"])))):
        with pytest.raises(AssertionError, match="read again"):
            encode_knowledge(Silent(*told.parts), tokenizer, other, cache)


def test_what_is_read_is_mapped_and_not_held(tokenizer: PreTrainedTokenizerBase):
    found = encoded(WorldKnowledge(0, 20, ["en"]), tokenizer)
    for array in (found.sentences["en"].ids, found.mentions["en"].entity, found.descriptions.texts.ids):
        assert isinstance(array, np.memmap)


def test_arrays_grow_side_by_side(tmp_path: Path):
    writer = ArrayWriter(tmp_path)
    for number in range(5):
        writer.add("a", [number, -number], np.int64)
        writer.add("b", [number] * number, np.int32)
    assert writer.size("a") == 10
    for _ in range(PENDING):
        writer.add("c", [7], np.int64)
    assert (tmp_path / "c").stat().st_size >= 7 * PENDING  # what waits in memory is bounded
    writer.close({"more": 1})
    arrays, facts = read_arrays(tmp_path)
    assert arrays["a"].tolist() == [0, 0, 1, -1, 2, -2, 3, -3, 4, -4]
    assert arrays["b"].tolist() == [1, 2, 2, 3, 3, 3, 4, 4, 4, 4]
    assert arrays["b"].dtype == np.int32 and facts == {"more": 1}
    assert len(arrays["c"]) == PENDING
    (tmp_path / "a").write_bytes(b"short")
    with pytest.raises(IsoglossError, match="has not the 10 numbers that were written"):
        read_arrays(tmp_path)
