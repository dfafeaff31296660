"""Rows of mentions and of facts: the right description stands beside, and what is hidden is what was asked for."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from transformers import PreTrainedTokenizerBase

from isogloss.common.randomness import derive, generator
from isogloss.data.apart import Apart
from isogloss.data.knowledge import Description, Fact, Linked, Mention
from isogloss.models.tokenizer import train_tokenizer
from isogloss.objectives.knowledge import ENTITY, PLACE, TRUE
from isogloss.recipe.build.text import build_frame, build_masking
from isogloss.store.encoding import Wanted, encode_knowledge
from isogloss.store.knowledge import EncodedKnowledge
from isogloss.streams.drawn import DrawnStream, independent
from isogloss.streams.facts import FactRows
from isogloss.streams.knowledge import KnowledgeRow, chosen, collate
from isogloss.streams.mentions import MentionRows
from isogloss.world import WorldKnowledge
from tests.support.told import Told

LANGUAGES = ("en", "de", "zh")
DRAWS = 60


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerBase:
    world = WorldKnowledge(0, 200, LANGUAGES)
    texts = [sentence.text for sentence in world.sentences()] + [found.text for found in world.descriptions()]
    return train_tokenizer(texts, 600)


@pytest.fixture(scope="module")
def known(tokenizer: PreTrainedTokenizerBase) -> EncodedKnowledge:
    return encode_knowledge(WorldKnowledge(0, 200, LANGUAGES), tokenizer, Wanted(), None)


def mention_rows(known: EncodedKnowledge, tokenizer: PreTrainedTokenizerBase, **changes: Any) -> MentionRows:
    usual: dict[str, Any] = {"length": 64, "description_length": 32, "frame": build_frame(tokenizer)}
    return MentionRows(known, **{**usual, "mask": int(tokenizer.mask_token_id), **changes})


def drawn(rows: Any, number: int = DRAWS) -> list[KnowledgeRow]:
    return [rows(generator("a test", place)) for place in range(number)]


def said(tokenizer: PreTrainedTokenizerBase, ids: np.ndarray) -> str:
    return str(tokenizer.decode(ids, skip_special_tokens=True))


def test_the_description_is_that_of_the_mention(known: EncodedKnowledge, tokenizer: PreTrainedTokenizerBase):
    names = {derive(name): name for name in {found.key for found in WorldKnowledge(0, 1, ["en"]).descriptions()}}
    texts = {(found.key, found.language): found.text for found in WorldKnowledge(0, 1, LANGUAGES).descriptions()}
    for row in drawn(mention_rows(known, tokenizer)):
        text = texts[names[row.entity], row.described_in]
        expected = tokenizer.backend_tokenizer.encode(text, add_special_tokens=False).ids[:30]
        assert row.description[1:-1].tolist() == expected
        assert row.text[row.place] == tokenizer.mask_token_id
        assert row.true.tolist() == [row.entity]
        assert (row.labels == -100).all()


def test_the_mention_is_hidden_whole_by_a_mask_per_piece_or_by_one(
    known: EncodedKnowledge, tokenizer: PreTrainedTokenizerBase
):
    longer = 0
    pairs = zip(
        drawn(mention_rows(known, tokenizer)), drawn(mention_rows(known, tokenizer, per_piece=False)), strict=True
    )
    for many, one in pairs:
        masks = many.text == tokenizer.mask_token_id
        number = int(masks.sum())
        assert masks[many.place : many.place + number].all()
        assert (one.text == tokenizer.mask_token_id).sum() == 1
        assert one.place == many.place and len(many.text) == len(one.text) + number - 1
        assert many.text[~masks].tolist() == one.text[one.text != tokenizer.mask_token_id].tolist()
        longer += number > 1
    assert longer > 5


def test_other_sub_words_are_hidden_as_in_masked_language_modelling(
    known: EncodedKnowledge, tokenizer: PreTrainedTokenizerBase
):
    masking = build_masking(tokenizer, 0.3)
    for plain, masked in zip(
        drawn(mention_rows(known, tokenizer)), drawn(mention_rows(known, tokenizer, masking=masking)), strict=True
    ):
        hidden = masked.labels != -100
        assert hidden.any() and masked.place == plain.place
        assert np.array_equal(masked.labels[hidden], plain.text[hidden])
        assert not hidden[plain.text == tokenizer.mask_token_id].any()  # the mention is not to be found
        assert np.array_equal(masked.text[~hidden], plain.text[~hidden])


@pytest.mark.parametrize("length", [6, 7, 12])
def test_a_long_sentence_is_cut_around_the_mention(
    length: int, known: EncodedKnowledge, tokenizer: PreTrainedTokenizerBase
):
    cut = 0
    for row in drawn(mention_rows(known, tokenizer, length=length)):
        assert len(row.text) <= length
        assert row.text[0] == tokenizer.cls_token_id and row.text[-1] == tokenizer.sep_token_id
        assert row.text[row.place] == tokenizer.mask_token_id
        cut += len(row.text) == length
    assert cut > DRAWS / 2


def test_a_mention_longer_than_the_row_fills_it(tokenizer: PreTrainedTokenizerBase):
    text = "Delta Bank Delta Bank Delta Bank Delta Bank"
    told = Told([Linked(text, "en", (Mention(0, len(text), "Q1"),))], [Description("Q1", "en", "Nova")])
    rows = mention_rows(encode_knowledge(told, tokenizer, Wanted(), None), tokenizer, length=5)
    row = drawn(rows, 1)[0]
    assert row.text.tolist() == [tokenizer.cls_token_id, *[tokenizer.mask_token_id] * 3, tokenizer.sep_token_id]
    assert row.place == 1


def test_repeats_of_the_mention_are_hidden_in_the_description(
    known: EncodedKnowledge, tokenizer: PreTrainedTokenizerBase
):
    plain, hidden = (
        drawn(mention_rows(known, tokenizer, hide_repeats=hide, same_language=1.0)) for hide in (False, True)
    )
    masks = [int((row.description == tokenizer.mask_token_id).sum()) for row in hidden]
    assert sum(map(bool, masks)) > DRAWS / 2
    for before, after in zip(plain, hidden, strict=True):
        seen = after.description != tokenizer.mask_token_id
        assert len(before.description) == len(after.description)
        assert np.array_equal(before.description[seen], after.description[seen])


@pytest.mark.parametrize("hide", [False, True])
def test_a_title_is_hidden_where_the_mention_is_spelt_otherwise(tokenizer: PreTrainedTokenizerBase, hide: bool):
    """Sentences inflect names, and translate them; a description that says its title could be found by letters."""
    sentence = Linked("Novas Bank", "en", (Mention(0, 5, "Q1"),))
    told = Told(
        [sentence],
        [Description("Q1", language, "Nova, or NOVA: nova a Delta", "Nova (Bank)") for language in LANGUAGES],
    )
    known = encode_knowledge(told, tokenizer, Wanted(languages=("en",)), None)
    text = said(tokenizer, drawn(mention_rows(known, tokenizer, hide_repeats=hide), 1)[0].description).casefold()
    assert text.count("nova") == (0 if hide else 3)
    assert "delta" in text


@pytest.mark.parametrize("same", [0.0, 0.5, 1.0])
def test_descriptions_are_in_the_same_language_in_their_share(
    same: float, known: EncodedKnowledge, tokenizer: PreTrainedTokenizerBase
):
    rows = drawn(mention_rows(known, tokenizer, same_language=same), 400)
    found = np.mean([row.described_in == row.language for row in rows])
    assert found == pytest.approx(same, abs=0.08)
    others = Counter(row.described_in for row in rows if row.described_in != row.language)
    assert same == 1.0 or len(others) == 3


def test_a_lonely_description_is_taken_whatever_its_language():
    texts = {3: np.array([7])}
    for language, same in ((3, 0.0), (2, 1.0), (3, 1.0)):
        text, other = chosen(texts, language, same, generator("x"))
        assert (text.tolist(), other) == ([7], 3)


def test_languages_are_drawn_by_their_mentions_and_flattened(tokenizer: PreTrainedTokenizerBase):
    sentences = [Linked("Anna", code, (Mention(0, 4, "Q1"),)) for code in ["en"] * 90 + ["de"] * 10]
    known = encode_knowledge(Told(sentences, [Description("Q1", "en", "Nova")]), tokenizer, Wanted(), None)
    shares = {}
    for temperature in (1.0, 2.0):
        rows = drawn(mention_rows(known, tokenizer, temperature=temperature), 600)
        shares[temperature] = np.mean([row.language == "de" for row in rows])
    assert shares[1.0] == pytest.approx(0.1, abs=0.04)
    assert shares[2.0] == pytest.approx(0.25, abs=0.05)


def fact_rows(known: EncodedKnowledge, tokenizer: PreTrainedTokenizerBase, **changes: Any) -> FactRows:
    usual: dict[str, Any] = {"length": 64, "description_length": 32, "frame": build_frame(tokenizer)}
    return FactRows(known, **{**usual, **changes})


def test_a_fact_is_its_subject_and_relation_and_the_object_stands_beside(
    known: EncodedKnowledge, tokenizer: PreTrainedTokenizerBase
):
    world = WorldKnowledge(0, 1, LANGUAGES)
    texts = {(found.key, found.language): found.text for found in world.descriptions()}
    names = {(found.key, found.language): found.text for found in world.relations()}
    facts = {(texts[f.subject, "en"], names[f.relation, "en"]): f for f in world.facts()}
    objects = {(f.subject, f.relation): set() for f in world.facts()}
    for fact in world.facts():
        objects[fact.subject, fact.relation].add(derive(fact.object))
    seen = 0
    for row in drawn(fact_rows(known, tokenizer, same_language=1.0), 200):
        assert row.place == 0 and row.described_in == row.language
        if row.language != "en":
            continue
        middle = int(np.flatnonzero(row.text == tokenizer.sep_token_id)[0])
        assert row.text[middle + 1] == tokenizer.sep_token_id
        said_of = said(tokenizer, row.text[:middle]).strip(), said(tokenizer, row.text[middle:]).strip()
        (fact,) = [
            f for key, f in facts.items() if (norm(key[0]), norm(key[1])) == (norm(said_of[0]), norm(said_of[1]))
        ]
        assert set(row.true.tolist()) == objects[fact.subject, fact.relation]
        assert row.entity in row.true
        seen += 1
    assert seen > 20


def norm(text: str) -> str:
    return "".join(text.split())


def test_of_a_long_fact_the_subject_is_cut_and_never_the_relation(
    known: EncodedKnowledge, tokenizer: PreTrainedTokenizerBase
):
    whole, short = (drawn(fact_rows(known, tokenizer, length=length)) for length in (64, 12))
    for long, cut in zip(whole, short, strict=True):
        assert len(cut.text) <= 12
        relation = long.text[np.flatnonzero(long.text == tokenizer.sep_token_id)[1] :]
        assert np.array_equal(cut.text[-len(relation) :], relation)
        assert cut.entity == long.entity


def test_facts_that_are_kept_apart_are_true_all_the_same(tokenizer: PreTrainedTokenizerBase):
    described = [Description(f"Q{n}", "en", "Nova") for n in range(40)]
    facts = [Fact("Q0", "P1", f"Q{n}") for n in range(1, 40)]
    told = Told([Linked("Anna", "en", ())], described, facts, [Description("P1", "en", "lives")])
    known = encode_knowledge(told, tokenizer, Wanted(apart=Apart(facts=0.5)), None)
    row = drawn(fact_rows(known, tokenizer), 1)[0]
    assert len(known.facts) < 39 and len(row.true) == 39


def test_a_batch_pads_each_side_for_itself(known: EncodedKnowledge, tokenizer: PreTrainedTokenizerBase):
    rows = drawn(fact_rows(known, tokenizer), 6)
    batch = collate(rows, padding=int(tokenizer.pad_token_id))
    assert batch.beside is not None and batch.labels is not None
    assert batch.inputs["input_ids"].shape == (6, max(len(row.text) for row in rows))
    assert batch.beside.inputs["input_ids"].shape == (6, max(len(row.description) for row in rows))
    assert batch.extras[ENTITY].tolist() == [row.entity for row in rows]
    assert batch.extras[PLACE].tolist() == [0] * 6
    for row, true in zip(rows, batch.extras[TRUE].tolist(), strict=True):
        assert set(true) - {-1} == set(row.true.tolist())
    for number, row in enumerate(rows):
        real = batch.inputs["attention_mask"][number].bool()
        assert batch.inputs["input_ids"][number][real].tolist() == row.text.tolist()


def test_a_batch_is_cut_over_processes_and_parts_without_a_change(
    known: EncodedKnowledge, tokenizer: PreTrainedTokenizerBase
):
    rows = mention_rows(known, tokenizer)

    def entities(k: int, **cut: int) -> list[int]:
        stream = DrawnStream(independent(rows), lambda own: collate(own, 1), name="mep", seed=3, batch_size=7, **cut)
        return [entity for batch in stream(k) for entity in batch.extras[ENTITY].tolist()]

    whole = entities(5)
    assert whole == entities(5) and whole != entities(6)
    halves = [entities(5, rank=rank, world_size=2, accumulation=2) for rank in range(2)]
    assert halves == [whole[::2], whole[1::2]]


def test_sentences_of_a_micro_batch_are_in_one_language_where_that_is_asked_for(
    known: EncodedKnowledge, tokenizer: PreTrainedTokenizerBase
):
    rows = mention_rows(known, tokenizer)

    def languages(k: int, **cut: int) -> list[tuple[str, ...]]:
        own = DrawnStream(rows.of_one_language, lambda own: collate(own, 1), name="mep", seed=3, batch_size=16, **cut)
        return [batch.languages for batch in own(k)]

    drawn = [language for k in range(30) for language in languages(k)]
    assert all(len({*micro_batch}) == 1 and len(micro_batch) == 16 for micro_batch in drawn)
    assert {micro_batch[0] for micro_batch in drawn} == {*LANGUAGES}
    assert languages(5) == languages(5)
    cut = [languages(k, accumulation=2) for k in range(30)]
    assert {len({*first, *second}) for first, second in cut} == {1, 2}  # each micro-batch draws its own
    for k in range(30):
        ranks = [languages(k, rank=rank, world_size=2, accumulation=2) for rank in range(2)]
        assert [micro_batch[0] for micro_batch in ranks[0]] == [micro_batch[0] for micro_batch in ranks[1]]
