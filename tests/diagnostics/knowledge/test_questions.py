"""Mentions and facts as questions: what is asked, in which view, and what the candidates are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from transformers import PreTrainedTokenizerBase

from isogloss.common.errors import IsoglossError
from isogloss.data.apart import Apart, Listed
from isogloss.data.knowledge import Description, Fact, Linked, Mention
from isogloss.diagnostics.knowledge.facts import fact_questions
from isogloss.diagnostics.knowledge.mentions import mention_questions
from isogloss.diagnostics.knowledge.questions import Form, candidates_of, described
from isogloss.models.tokenizer import train_tokenizer
from isogloss.recipe.build.text import build_frame
from tests.support.told import Told

SENTENCES = [
    Linked("Ada saw Rome", "en", (Mention(0, 3, "Q1"), Mention(8, 12, "Q2"))),
    Linked("Ada sah Rom", "de", (Mention(0, 3, "Q1"), Mention(8, 11, "Q2"), Mention(4, 7, "Q9"))),
]
DESCRIPTIONS = [
    Description("Q1", "en", "a person"),
    Description("Q2", "en", "a city"),
    Description("Q2", "de", "eine Stadt"),
    Description("Q3", "en", "a country"),
    Description("Q4", "en", "a river"),
    Description("Q5", "en", "a lake"),
]
FACTS = [
    Fact("Q1", "P1", "Q2"),
    Fact("Q1", "P1", "Q3"),
    Fact("Q2", "P2", "Q3"),
    Fact("Q2", "P3", "Q3"),
    Fact("Q2", "P2", "Q9"),
]
RELATIONS = [Description("P1", "en", "lives in"), Description("P2", "fr", "pays"), Description("P2", "de", "Land")]
TOLD = Told(SENTENCES, DESCRIPTIONS, [*FACTS, FACTS[0]], RELATIONS)


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerBase:
    texts = [*(own.text for own in SENTENCES), *(own.text for own in [*DESCRIPTIONS, *RELATIONS])]
    return train_tokenizer(texts * 3, 200)


@pytest.fixture(scope="module")
def form(tokenizer: PreTrainedTokenizerBase) -> Form:
    return Form(tokenizer.backend_tokenizer, build_frame(tokenizer), 64, 32)


def said(tokenizer: PreTrainedTokenizerBase, ids: np.ndarray) -> str:
    return "".join(str(tokenizer.decode(ids, skip_special_tokens=True)).split())


def mentions(form: Form, apart: Apart | None = None, **changes: Any) -> Any:
    _, entities = described(TOLD, ())
    return mention_questions(TOLD, form, entities, apart, **{"mask": None, "most": 9, "seed": 0, **changes})


def test_a_mention_is_hidden_or_shown_and_its_place_is_its_first_sub_word(
    form: Form, tokenizer: PreTrainedTokenizerBase
):
    mask = int(tokenizer.mask_token_id)
    shown, hidden, one = mentions(form), mentions(form, mask=mask), mentions(form, mask=mask, per_piece=False)
    assert {code: sorted(own.entity for own in questions) for code, questions in shown.items()} == {
        "en": ["Q1", "Q2"],
        "de": ["Q1", "Q2"],  # what is not described is not asked
    }
    for plain, masked, single in zip(shown["en"], hidden["en"], one["en"], strict=True):
        assert plain.id == masked.id == single.id and plain.place == masked.place == single.place
        assert said(tokenizer, plain.text) == "AdasawRome"
        gone = masked.text == mask
        name = {"Q1": "Ada", "Q2": "Rome"}[plain.entity]
        assert said(tokenizer, plain.text[gone]) == name and gone.argmax() == plain.place
        assert np.array_equal(plain.text[~gone], masked.text[~gone])
        assert (single.text == mask).sum() == 1 and plain.unit == plain.entity


def test_views_say_what_was_kept_apart(form: Form):
    apart = Apart(listed=Listed.of(["Q2"]))
    assert {(own.entity, own.view) for own in mentions(form, apart)["en"]} == {("Q1", "seen"), ("Q2", "unseen")}
    assert {own.view for own in mentions(form)["en"]} == {"all"}
    few = mentions(form, apart, most=1)
    assert {code: len(own) for code, own in few.items()} == {"en": 2, "de": 2}  # one of each view


def facts(form: Form, apart: Apart | None = None, **changes: Any) -> Any:
    languages, entities = described(TOLD, changes.pop("languages", ()))
    return fact_questions(TOLD, form, languages, entities, apart, **{"most": 9, "seed": 0, **changes})


def test_a_fact_is_its_subject_and_relation_and_knows_all_that_is_true(form: Form, tokenizer: PreTrainedTokenizerBase):
    found = facts(form)
    asked = {code: sorted((said(tokenizer, own.text), own.entity) for own in own) for code, own in found.items()}
    assert asked == {
        "en": [("acityLand", "Q3"), ("apersonlivesin", "Q2"), ("apersonlivesin", "Q3")],
        "de": [("eineStadtLand", "Q3")],
    }
    assert {own.entity: own.true for own in found["en"] if "P1" in own.id} == dict.fromkeys(
        ("Q2", "Q3"), frozenset(("Q2", "Q3"))
    )
    assert {own.true for own in found["de"]} == {frozenset(("Q3", "Q9"))}
    assert {own.place for own in found["en"]} == {0}


def test_views_of_facts_tell_facts_from_entities(form: Form):
    listed = Apart(listed=Listed.of([("Q1", "P1", "Q2"), "Q3"]))
    assert {(own.entity, own.view) for own in facts(form, listed)["en"]} == {
        ("Q2", "unseen-fact"),
        ("Q3", "unseen-entity"),
    }
    assert {own.view for own in facts(form, Apart())["en"]} == {"seen"}


def test_a_long_subject_is_cut_and_never_the_relation(tokenizer: PreTrainedTokenizerBase):
    form = Form(tokenizer.backend_tokenizer, build_frame(tokenizer), 9, 32)
    for own in facts(form)["en"]:
        assert len(own.text) <= 9
        assert said(tokenizer, own.text).endswith(("livesin", "Land"))


def test_candidates_are_the_answers_and_others_up_to_a_number(form: Form, tokenizer: PreTrainedTokenizerBase):
    found = candidates_of(TOLD, form, ("en", "de"), frozenset(("Q2", "Q9")), 3, 0)
    assert set(found["de"].places) == {"Q2"} and len(found["en"].texts) == 3
    assert "Q2" in found["en"].places
    texts = {own.key: own.text for own in DESCRIPTIONS if own.language == "en"}
    for entity, place in found["en"].places.items():
        assert said(tokenizer, found["en"].texts[place]) == "".join(texts[entity].split())
    whole = candidates_of(TOLD, form, ("en",), frozenset(texts), 2, 0)
    assert set(whole["en"].places) == set(texts)  # answers are never left out


def test_languages_without_descriptions_are_refused():
    with pytest.raises(IsoglossError, match=r"languages: no entity is described in 'enn'; did you mean 'en'"):
        described(TOLD, ["enn"])
    with pytest.raises(IsoglossError, match="no description of an entity"):
        described(Told(SENTENCES), [])
