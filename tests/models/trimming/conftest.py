"""A small model of each kind of tokenizer in a folder, its texts, and what it becomes when it is cut."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from tokenizers import AddedToken
from transformers import AutoConfig, AutoModelForMaskedLM, PreTrainedTokenizerFast

import isogloss
from isogloss.models.tokenizer import load_tokenizer
from tests.support.tokenizers import TEXTS, byte_level, unigram, word_piece

SIZES = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
KINDS: dict[str, tuple[str, Callable[[], PreTrainedTokenizerFast]]] = {
    "unigram": ("xlm-roberta", unigram),
    "bytes": ("modernbert", lambda: byte_level(prefix=False)),
    "word piece": ("bert", word_piece),
    "narrow": ("electra", unigram),
}
KEPT = {"de": TEXTS[0], "en": TEXTS[1]}
"""The texts that are counted; Russian, Vietnamese and Chinese are not."""

UNUSED = 3
"""Rows of the embeddings that are no sub-word's, as padded tables have them."""


@dataclass(frozen=True)
class Kind:
    """A model, the template of its texts, and what was made of it."""

    folder: Path
    text: str
    trimmed: Path

    def before(self) -> PreTrainedTokenizerFast:
        return load_tokenizer(self.folder)

    def after(self) -> PreTrainedTokenizerFast:
        return load_tokenizer(self.trimmed)

    def again(self, output: Path, **options: int) -> Path:
        isogloss.trim(self.trimmed, languages="de,en", text=self.text, output=output, **options)
        return output


def write_model(folder: Path, kind: str, **options: object) -> Path:
    """A masked language model of a kind in half precision, with a token added to its tokenizer."""
    model_type, make = KINDS[kind]
    tokenizer = make()
    tokenizer.add_tokens([AddedToken("<ent>", normalized=False)])
    ids = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("pad", "bos", "eos", "cls", "sep")}
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        model_type,
        **{**SIZES, **ids, "vocab_size": len(tokenizer) + UNUSED, "max_position_embeddings": 80, **options},
    )
    AutoModelForMaskedLM.from_config(config).half().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def write_texts(folder: Path) -> str:
    """The texts, a file per language; returns their template."""
    folder.mkdir(exist_ok=True)
    for language, text in KEPT.items():
        (folder / f"{language}.txt").write_text(f"{text}\n", encoding="utf-8")
    return str(folder / "{language}.txt")


@pytest.fixture(scope="session")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Kind]:
    """The kind of a name, made once."""
    root = tmp_path_factory.mktemp("kinds")

    def kind(name: str) -> Kind:
        made = Kind(root / name / "model", write_texts(root / "text"), root / name / "trimmed")
        if not made.folder.exists():
            write_model(made.folder, name)
            isogloss.trim(made.folder, languages="de,en", text=made.text, output=made.trimmed)
        return made

    return kind


def drawn_texts(number: int) -> list[str]:
    """Texts of any words and any characters of the world, kept or not."""
    draw = random.Random(0)
    words = [word for text in TEXTS for word in text.split()]
    letters = "".join(sorted({*"".join(TEXTS), *"éß→☂अ가"}))
    return [
        " ".join(
            draw.choice((draw.choice(words), "".join(draw.choices(letters, k=draw.randint(1, 6)))))
            for _ in range(draw.randint(1, 6))
        )
        for _ in range(number)
    ]
