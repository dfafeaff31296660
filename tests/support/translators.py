"""Tiny sequence-to-sequence models with random weights, as folders, with the conventions of several families."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    M2M100Config,
    M2M100ForConditionalGeneration,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

from isogloss.models.stored import write_model

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
SYLLABLES = ["ka", "lo", "mi", "tu", "re", "so", "[", "]", "."]
IDS = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 2}


def tokenizer(codes: Sequence[str] = ()) -> PreTrainedTokenizerFast:
    """One sub-word a character or syllable, with sub-words that name languages."""
    letters = [*map(chr, range(ord("a"), ord("z") + 1)), *map(chr, range(ord("A"), ord("Z") + 1)), "?", ",", ">", "<"]
    words = dict.fromkeys([*SPECIAL, *SYLLABLES, *letters])
    made = Tokenizer(models.WordLevel({word: place for place, word in enumerate(words)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Split("", "isolated")])
    made.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 2)])
    names = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    return PreTrainedTokenizerFast(
        tokenizer_object=made, **names, additional_special_tokens=list(codes), model_max_length=48
    )


CODES = ("eng_Latn", "deu_Latn", "swh_Latn", "fra_Latn")


def write_translator(folder: Path, *, scale: float = 0.5) -> Path:
    """A model that is told the target by a first sub-word, as NLLB and M2M-100 are."""
    own = tokenizer(CODES)
    sizes = {f"{side}_{what}": size for side in ("encoder", "decoder") for what, size in SIZES.items()}
    config = M2M100Config(
        vocab_size=len(own), d_model=16, max_position_embeddings=64, tie_word_embeddings=False, **sizes, **IDS
    )
    return _written(folder, M2M100ForConditionalGeneration(config), own, scale)


def write_prefixed_translator(folder: Path) -> Path:
    """A model that is told in words, as T5 is."""
    own = tokenizer()
    ids = {**IDS, "decoder_start_token_id": 1}
    config = T5Config(
        vocab_size=len(own), d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2, tie_word_embeddings=False, **ids
    )
    return _written(folder, T5ForConditionalGeneration(config), own, 0.5)


SIZES = {"layers": 1, "attention_heads": 2, "ffn_dim": 16}


def _written(folder: Path, model: PreTrainedModel, own: PreTrainedTokenizerFast, scale: float) -> Path:
    drawn = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        parameter.data = torch.randn(parameter.shape, generator=drawn) * scale  # so that texts differ in translation
    write_model(folder, model, own)
    return folder
