"""A small text in four languages, one of them without translations, and the settings that are trained on it."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from transformers import AutoModelForMaskedLM

from isogloss.common.packing import packed
from isogloss.data import Table
from isogloss.data.knowledge import Description, Fact, Linked, Mention
from isogloss.data.knowledge_files import write_knowledge
from isogloss.data.plain import Lines
from isogloss.examples import LabelledText
from isogloss.models.open import new_model
from isogloss.models.stored import write_model
from isogloss.models.tokenizer import train_tokenizer
from tests.support.told import Told
from tests.support.world import XLM_R, merged

WORDS = {
    "en": ("king", "water", "house", "said", "gave", "bread", "old", "saw", "the", "river"),
    "fr": ("roi", "eau", "maison", "dit", "donna", "pain", "vieux", "vit", "le", "fleuve"),
    "ru": ("царь", "вода", "дом", "сказал", "дал", "хлеб", "старый", "видел", "этот", "река"),
    "de": ("König", "Wasser", "Haus", "sagte", "gab", "Brot", "alt", "sah", "der", "Fluss"),
}
NUMBER = 60

STEPS, CRASH = 10, 7

BASE: dict[str, Any] = {
    "model": {
        "config": {
            "model_type": "modernbert",
            "hidden_size": 16,
            "intermediate_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
        }
    },
    "tokenizer": {"vocabulary_size": 76},
    "held_out": 3,
    "stages": [{"length": 24, "batch_size": 5, "share": 0.6}, {"length": 40, "batch_size": 3, "share": 0.4}],
    "steps": STEPS,
    "learning_rate": 0.03,
    "evaluation_steps": 3,
    "save_steps": 4,
    "logging_steps": 2,
    "optimizer": {"eps": 1e-3},
}

SETTINGS: dict[str, dict[str, Any]] = {
    "both": {},
    "aligned": {"model": {"embeddings": "parallel"}},
    "frozen_embeddings": {"unfreezing": {"kind": "all_but_embeddings"}},
    "mlm": {"sources": {"kind": "mlm", "share": 1.0}},
    "tlm": {"sources": {"kind": "tlm", "share": 1.0}},
    "accumulation": {"gradient_accumulation_steps": 2},
    "slow_weights": {"optimizer": {"lookahead": {"inner_steps": 3, "outer_learning_rate": 0.5}}},
    "cosine": {"schedule": "cosine"},
    "eager": {"attention": "eager"},
    # Of few languages: each length of their held-out texts takes a compilation, beside those of the two stages.
    "compiled": {"compile": True, "languages": ["en", "fr"], "tokenizer": {"vocabulary_size": 36}},
    "adapters": {"model": "{folder}/encoder", "tokenizer": None, "adapters": {"reduction": 4}},
    "adapters_under_a_fresh_head": {
        "model": "{folder}/headless",
        "tokenizer": None,
        "dropout": 0.1,
        "adapters": {"non_linearity": "gelu", "invertible": False},
    },
}


KNOWLEDGE = {"corpus": "{folder}/knowledge", "queue": 7}

SETTINGS |= {
    "knowledge": {
        "model": "{folder}/encoder",
        "tokenizer": None,
        "text": [],
        "knowledge": KNOWLEDGE,
        "sources": [
            {"kind": "mlm", "share": 0.2},
            {"kind": "mep", "share": 0.5, "masking": 0.2},
            {"kind": "oe", "share": 0.3},
        ],
    },
    "knowledge_as_released": {
        "model": "{folder}/headless",
        "tokenizer": None,
        "dropout": 0.1,
        "knowledge": {**KNOWLEDGE, "faithful": True, "queue": 3},
        "sources": [{"kind": "mep", "share": 0.6, "mask": "one"}, {"kind": "oe", "share": 0.4, "masking": 0.3}],
    },
    "knowledge_of_a_lagging_copy": {
        "model": "{folder}/encoder",
        "tokenizer": None,
        "gradient_accumulation_steps": 2,
        "stages": [{"length": 24, "batch_size": 5, "share": 0.6}, {"length": 40, "batch_size": 4, "share": 0.4}],
        "knowledge": {**KNOWLEDGE, "momentum": 0.8, "shared_queue": False, "layer": 1, "across_ranks": True},
        "sources": [
            {"kind": "tlm", "share": 0.2},
            {"kind": "mep", "share": 0.4, "hide_repeats": True, "masking": 0.0},
            {"kind": "oe", "share": 0.4, "weight": 0.5},
        ],
    },
}

TEACHER: dict[str, Any] = {"model": None, "tokenizer": None, "teacher": "{folder}/encoder"}

SETTINGS |= {
    "relations_of_a_teacher": {**TEACHER, "student": {"layers": 1, "hidden": 8}, "dropout": 0.1},
    "states_of_a_teacher": {
        **TEACHER,
        "student": {"from_layers": [0, 0]},
        "gradient_accumulation_steps": 2,
        "sources": {"kind": "distil", "states": {"distance": "cosine"}},
    },
    "a_narrow_table_of_a_teacher": {
        **TEACHER,
        "student": {"from_layers": [0], "embedding": 6},
        "sources": [{"kind": "distil", "share": 0.7, "states": {}}, {"kind": "mlm", "share": 0.3}],
    },
    "narrow_blocks_of_a_teacher": {
        **TEACHER,
        "student": {"from_layers": [0, 0], "intermediate": 9, "embedding": 6},
        "sources": [{"kind": "distil", "share": 0.7, "states": {"distance": "cosine"}}, {"kind": "mlm", "share": 0.3}],
    },
    "the_mean_of_a_teacher": {
        **TEACHER,
        "student": {"layers": 1, "hidden": 8},
        "gradient_accumulation_steps": 2,
        "sources": {
            "kind": "distil",
            "relations": None,
            "states": {"layer": 1},
            "sentence": {"distance": "cosine", "weight": 2.0},
        },
    },
    "a_teacher_of_other_sub_words": {
        **TEACHER,
        "tokenizer": BASE["tokenizer"],
        "student": {"layers": 1, "hidden": 8, "heads": 2, "config": {"model_type": "modernbert"}},
        "sources": [
            {"kind": "distil", "share": 0.7, "relations": None, "states": {}, "sentence": {}},
            {"kind": "mlm", "share": 0.3},
        ],
    },
}


def write_text(folder: Path) -> Path:
    """``folder/text/LANGUAGE.tsv.gz`` with ids, for en, fr and ru; ``folder/plain/de.txt`` without."""
    draw = random.Random(3)
    meanings = [draw.choices(range(10), k=draw.randint(4, 9)) for _ in range(NUMBER)]
    for language in ("en", "fr", "ru"):
        texts = (" ".join(WORDS[language][word] for word in words) for words in meanings)
        verses = [LabelledText(f"v{n}", language, text, None, None) for n, text in enumerate(texts)]
        path = folder / "text" / f"{language}.tsv.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(packed(path, Table(columns={"id": 0, "text": 1}).dump(verses)))
    (folder / "plain").mkdir(exist_ok=True)
    plain = (" ".join(draw.choices(WORDS["de"], k=6)) for _ in range(NUMBER))
    lines = [LabelledText(str(n), "de", text, None, None) for n, text in enumerate(plain, start=1)]
    (folder / "plain" / "de.txt").write_bytes(Lines().dump(lines))
    return folder


def write_text_world(folder: Path) -> Path:
    """The text, and ``folder/encoder``: a model to go on with, whose vocabulary is that of the text; ``headless``.

    Besides ``folder/knowledge``: words as entities, mentioned in sentences of other words.
    """
    write_text(folder)
    write_knowledge(folder / "knowledge", told())
    tokenizer = train_tokenizer([" ".join(words) for words in WORDS.values()], 90)
    loaded = new_model(XLM_R, tokenizer, AutoModelForMaskedLM, None, seed=3)
    write_model(folder / "encoder", loaded.model, loaded.tokenizer)
    write_model(folder / "headless", loaded.model.base_model, loaded.tokenizer)
    return folder


def told() -> Told:
    """Entities that are words; what each is, are other words, and every word is by the side of the next ones."""
    draw = random.Random(5)
    sentences, descriptions = [], []
    for language in ("en", "fr", "ru"):
        words = WORDS[language]
        for _ in range(NUMBER // 2):
            said = draw.choices(range(10), k=6)
            starts = [sum(len(words[word]) + 1 for word in said[:place]) for place in range(6)]
            mentions = [Mention(at, at + len(words[word]), f"Q{word}") for at, word in zip(starts, said, strict=True)]
            kept = tuple(mention for mention, word in zip(mentions, said, strict=True) if word < 5)
            sentences.append(Linked(" ".join(words[word] for word in said), language, kept))
        # The fifth has no description in Russian.
        for word in range(4 if language == "ru" else 5):
            text = " ".join(words[(word * 3 + step) % 10] for step in range(4))
            descriptions.append(Description(f"Q{word}", language, text, words[word]))
    facts = [Fact(f"Q{word}", "P1", f"Q{(word + step) % 5}") for word in range(5) for step in (1, 2)]
    relations = [Description("P1", language, WORDS[language][9]) for language in ("en", "fr")]
    return Told(sentences, descriptions, facts, relations)


def recipe(name: str, folder: Path, **changes: Any) -> dict[str, Any]:
    """The recipe of an entry on the text in ``folder``."""
    text = [
        {
            "format": "tsv",
            "path": f"{folder}/text/{{language}}.tsv.gz",
            "columns": {"id": 0, "text": 1},
            "parallel": "t",
        },
        {"format": "lines", "path": f"{folder}/plain/{{language}}.txt"},
    ]
    whole = {**merged({**BASE, "text": text}, SETTINGS[name]), **changes}
    if "knowledge" in whole:
        whole["knowledge"] = {**whole["knowledge"], "corpus": whole["knowledge"]["corpus"].format(folder=folder)}
    if isinstance(whole.get("teacher"), str):
        whole["teacher"] = whole["teacher"].format(folder=folder)
    given = SETTINGS[name].get("model", {})
    return {**whole, "model": given.format(folder=folder)} if isinstance(given, str) else whole
