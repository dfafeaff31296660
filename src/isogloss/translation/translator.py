"""A model of transformers that translates texts, batch by batch, each text once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForSeq2SeqLM, AutoTokenizer

from isogloss.common.distributed import device
from isogloss.common.errors import IsoglossError
from isogloss.common.progress import progress
from isogloss.models.holding import evaluating
from isogloss.models.identity import identify
from isogloss.models.shipped import located
from isogloss.models.tokenizer import reason_of
from isogloss.models.weights import without_load_report
from isogloss.translation.codes import Direction
from isogloss.translation.memory import Memory


@dataclass(frozen=True)
class Translator:
    """A sequence-to-sequence model and how it searches: beam search, which draws nothing.

    Attributes:
        model: The model.
        tokenizer: Its tokenizer.
        identity: What identifies its weights, see `isogloss.models.identity.identify`.
        num_beams: Hypotheses kept while searching, at least 1.
        max_length: Sub-words that a text, and its translation, may have; longer texts are truncated.
    """

    model: Any
    tokenizer: Any
    identity: dict[str, Any]
    num_beams: int
    max_length: int

    def key(self, direction: Direction) -> str:
        """A name of all that a translation depends on, beside its text."""
        parts = [
            {name: value for name, value in self.identity.items() if name != "source" or "commit" in self.identity},
            self.model.generation_config.to_diff_dict(),
            sorted(self.tokenizer.get_vocab().items()),
            [direction.source, direction.target, direction.prefix, self.num_beams, self.max_length],
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:12]

    def lengths(self, texts: Sequence[str], direction: Direction) -> list[int]:
        """Sub-words of each text, before any is cut."""
        ids = self._tokenize(texts, direction, truncation=False, verbose=False)["input_ids"] if texts else []
        return [len(row) for row in ids]

    @torch.no_grad()
    def __call__(self, texts: Sequence[str], direction: Direction) -> list[str]:
        """The translations of a batch of texts."""
        options = {"truncation": True, "max_length": self.max_length, "padding": True, "return_tensors": "pt"}
        inputs = self._tokenize(texts, direction, **options).to(self.model.device)
        forced = {}
        if direction.target is not None:
            forced["forced_bos_token_id"] = self.tokenizer.convert_tokens_to_ids(direction.target)
        with evaluating(self.model):
            found = self.model.generate(
                input_ids=inputs["input_ids"],
                attention_mask=inputs["attention_mask"],
                num_beams=self.num_beams,
                do_sample=False,
                max_new_tokens=self.max_length,
                max_length=None,
                **forced,
            )
        # White space at the ends is no part of a sentence, and a line break would end a line of a file.
        return [" ".join(text.split()) for text in self.tokenizer.batch_decode(found, skip_special_tokens=True)]

    def _tokenize(self, texts: Sequence[str], direction: Direction, **options: Any) -> Any:  # noqa: ANN401
        if direction.source is not None:
            self.tokenizer.src_lang = direction.source
        return self.tokenizer([direction.prefix + text for text in texts], **options)


def open_translator(
    source: str | Path, *, num_beams: int, max_length: int, trust_remote_code: bool = False
) -> Translator:
    """Open a model that translates.

    Args:
        source: Local folder, or id of a model on the hub.
        num_beams: See `Translator`.
        max_length: See `Translator`; no more than the model has positions for.
        trust_remote_code: Whether to run Python code that comes with the model.

    Raises:
        IsoglossError: There is no such model, it is not of the kind that writes a text of its own, its tokenizer needs
            a package that is not installed, or a number is out of range.
    """
    for name, value in (("num_beams", num_beams), ("max_length", max_length)):
        if value < 1:
            raise IsoglossError(f"{name}: at least 1, found {value}")
    identity = identify(source, weights=True)
    options: dict[str, Any] = {"trust_remote_code": trust_remote_code}
    if "commit" in identity:
        options["revision"] = identity["commit"]
    try:
        config = AutoConfig.from_pretrained(located(source), **options)
        if not config.is_encoder_decoder:
            raise IsoglossError(
                f"model {str(source)!r} ({config.model_type}) does not translate: a sequence-to-sequence model is "
                "needed, such as facebook/nllb-200-distilled-600M or Helsinki-NLP/opus-mt-en-de"
            )
        tokenizer = AutoTokenizer.from_pretrained(source, **options)
        with without_load_report():
            model = AutoModelForSeq2SeqLM.from_pretrained(source, dtype=torch.float32, **options)
    except (OSError, ValueError, ImportError, KeyError) as error:
        raise IsoglossError(f"model {str(source)!r} cannot be opened: {reason_of(error)}") from error
    positions = getattr(config, "max_position_embeddings", None)
    longest = min(value for value in (max_length, tokenizer.model_max_length, positions) if value)
    torch.nn.Module.to(model, device())
    return Translator(model, tokenizer, identity, num_beams, int(longest))


def translate_all(
    texts: Iterable[str],
    translator: Translator,
    direction: Direction,
    memory: Memory,
    *,
    batch_size: int,
    title: str,
) -> tuple[int, int]:
    """Translate what the memory does not know yet, texts of like length together, and keep it there.

    Args:
        texts: The texts; what comes twice is translated once, and what is blank not at all.
        translator: The model.
        direction: From which language into which.
        memory: Takes every batch as soon as it is translated.
        batch_size: Texts per batch.
        title: What the progress bar says.

    Returns:
        How many texts were translated now, and how many of all were longer than the model takes and truncated.
    """
    asked = [text for text in dict.fromkeys(texts) if text.strip()]
    lengths = dict(zip(asked, translator.lengths(asked, direction), strict=True))
    new = [text for text in asked if text not in memory.known]
    # The longest first: what does not fit into memory fails at once, and the time left is no surprise.
    new.sort(key=lambda text: -lengths[text])
    # Time goes with sub-words, and long texts come first: told by their number, the time left would be far too long.
    with progress(sum(lengths[text] for text in new), title) as add:
        for start in range(0, len(new), batch_size):
            batch = new[start : start + batch_size]
            memory.add(batch, translator(batch, direction))
            add(sum(lengths[text] for text in batch))
    return len(new), sum(length > translator.max_length for length in lengths.values())
