"""From a recipe of `isogloss pretrain` to its parts: texts, rows and who draws between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase

from isogloss.common.distributed import Communicator
from isogloss.common.errors import IsoglossError
from isogloss.data.collection import Collection
from isogloss.data.texts import TextSet, Unit
from isogloss.objectives.masked_lm import MaskedLM
from isogloss.protocols import DataSource, Sampler
from isogloss.recipe.build.data import folder_of, with_separator
from isogloss.recipe.names import TEXT_FORMATS
from isogloss.recipe.spec.pretraining import Pretraining
from isogloss.recipe.spec.text import TextEntry
from isogloss.step import sampling
from isogloss.streams.masked import Encoded, Frame, MaskedStream, Masking, PairRows, RunningTextRows


def build_text_set(entry: TextEntry, where: str) -> TextSet:
    """One entry of text.

    Raises:
        IsoglossError: Columns for a format that has none, or a template that does not fit.
    """
    columns = None if entry.columns is None else entry.columns.model_dump(exclude_none=True)
    if columns is not None and entry.format in ("lines", "conllu"):
        raise IsoglossError(f"{where}.columns: format {entry.format!r} has no columns, found {columns}")
    form = with_separator(TEXT_FORMATS[entry.format].build(columns), entry.separator, f"{where}.separator")
    name = entry.name or folder_of(entry.path) or "text"
    collection = Collection(name, form, entry.path, entry.languages, {"train": "train"})
    return TextSet(collection, entry.parallel, entry.renamed)


def build_frame(tokenizer: PreTrainedTokenizerBase) -> Frame:
    """The special sub-words of the tokenizer, found by letting it put them around texts."""
    single = tokenizer.backend_tokenizer.encode("a")
    pair = tokenizer.backend_tokenizer.encode("a", "a")
    parts = {0: list[int](), 1: list[int](), 2: list[int]()}
    seen = 0
    for piece, text in zip(pair.ids, pair.sequence_ids, strict=True):
        if text is None:
            parts[seen].append(piece)
        else:
            seen = text + 1
    after = [piece for piece, text in zip(single.ids, single.sequence_ids, strict=True) if text is None]
    return Frame(tuple(parts[0]), tuple(parts[1]), tuple(after[len(parts[0]) :]))


def build_masking(tokenizer: PreTrainedTokenizerBase, share: float) -> Masking:
    """Hides the share ``share`` of the tokenizer's sub-words."""
    return Masking(
        share,
        int(tokenizer.mask_token_id),
        int(tokenizer.pad_token_id),
        tuple(tokenizer.all_special_ids),
        len(tokenizer),
    )


def framed(sentences: Sequence[str], tokenizer: PreTrainedTokenizerBase, length: int) -> list[np.ndarray]:
    """Sub-words of sentences, special ones included, cut to ``length``; sentences without sub-words are left out."""
    frame, backend = build_frame(tokenizer), tokenizer.backend_tokenizer
    encoded = (backend.encode(text, add_special_tokens=False).ids for text in sentences)
    return [frame.around(np.asarray(ids[: frame.room(length, 1)], dtype=np.int64)) for ids in encoded if ids]


def build_sources(
    recipe: Pretraining,
    encoded: dict[str, Encoded],
    units: Sequence[Unit],
    frame: Frame,
    masking: Masking,
    seed: int,
    group: Communicator,
) -> tuple[dict[str, DataSource], Sampler, dict[str, int]]:
    """Per stage a source of MLM and one of TLM, who draws between them, and the tokens in a batch of each."""
    sources, samplers, tokens = {}, [], {}
    share = recipe.translation_share
    for number, stage in enumerate(recipe.stages):
        rows: dict[str, RunningTextRows | PairRows] = {}
        if share < 1:
            rows["mlm"] = RunningTextRows(encoded, length=stage.length, frame=frame, temperature=recipe.temperature)
        if share > 0:
            rows["tlm"] = PairRows(encoded, units, length=stage.length, frame=frame, temperature=recipe.temperature)
        for term, draw in rows.items():
            name = f"{term}-{number}"
            stream = MaskedStream(
                draw,
                masking,
                name=name,
                seed=seed,
                batch_size=stage.batch_size,
                length=stage.length,
                rank=group.rank,
                world_size=group.world_size,
                accumulation=recipe.gradient_accumulation_steps,
            )
            sources[name] = DataSource(name, stream, MaskedLM(term))
            tokens[name] = stage.batch_size * stage.length
        # Weights of the draw as whole numbers, which is what `Temperature` takes.
        weights = {"mlm": round(1e6 * (1 - share)), "tlm": round(1e6 * share)}
        names = tuple(f"{term}-{number}" for term in rows)
        samplers.append(sampling.Temperature(names, tuple(weights[term] for term in rows), 1.0, seed))
    ends = np.round(np.cumsum([stage.share for stage in recipe.stages])[:-1] * recipe.steps).astype(int)
    return sources, sampling.Stages(tuple(samplers), tuple(ends.tolist())), tokens


def compile_layers(model: torch.nn.Module) -> None:
    """Compile each layer for the lengths of the stages; parameters keep their names."""
    stacks = [module for module in model.modules() if isinstance(module, torch.nn.ModuleList)]
    for layer in max(stacks, key=lambda stack: sum(parameter.numel() for parameter in stack.parameters())):
        layer.compile(dynamic=False)
