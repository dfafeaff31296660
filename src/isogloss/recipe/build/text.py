"""From what a recipe says of text without labels to its files, and to the sources that are learned from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from isogloss.common.distributed import Communicator
from isogloss.common.errors import IsoglossError
from isogloss.common.uncut import uncut
from isogloss.data.texts import Unit
from isogloss.objectives.masked_lm import MaskedLM
from isogloss.protocols import DataSource, Sampler
from isogloss.recipe.spec import text as spec
from isogloss.step import sampling
from isogloss.store.encoded import EncodedText
from isogloss.streams.masked import DrawRow, MaskedStream, Masking, SpecialTokens
from isogloss.streams.running_text import RunningTextRows
from isogloss.streams.translations import PairRows


def build_frame(tokenizer: PreTrainedTokenizerBase) -> SpecialTokens:
    """The special sub-words of the tokenizer, found by letting it put them around texts."""
    with uncut(tokenizer.backend_tokenizer) as backend:
        single, pair = backend.encode("a"), backend.encode("a", "a")
    parts = {0: list[int](), 1: list[int](), 2: list[int]()}
    seen = 0
    for piece, text in zip(pair.ids, pair.sequence_ids, strict=True):
        if text is None:
            parts[seen].append(piece)
        else:
            seen = text + 1
    after = [piece for piece, text in zip(single.ids, single.sequence_ids, strict=True) if text is None]
    return SpecialTokens(tuple(parts[0]), tuple(parts[1]), tuple(after[len(parts[0]) :]))


def build_masking(tokenizer: PreTrainedTokenizerBase, share: float) -> Masking:
    """Hides the share ``share`` of the tokenizer's sub-words.

    Raises:
        IsoglossError: The tokenizer has no mask.
    """
    if tokenizer.mask_token_id is None:
        raise IsoglossError("masked language modelling needs a tokenizer with a mask token, and this one has none")
    return Masking(
        share,
        int(tokenizer.mask_token_id),
        int(tokenizer.pad_token_id),
        tuple(tokenizer.all_special_ids),
        len(tokenizer),
    )


def framed(sentences: Sequence[str], tokenizer: PreTrainedTokenizerBase, length: int) -> list[np.ndarray]:
    """Sub-words of sentences, special ones included, cut to ``length``; sentences without sub-words are left out."""
    frame = build_frame(tokenizer)
    with uncut(tokenizer.backend_tokenizer) as backend:
        encoded = [backend.encode(text, add_special_tokens=False).ids for text in sentences]
    return [frame.around(np.asarray(ids[: frame.room(length, 1)], dtype=np.int64)) for ids in encoded if ids]


@dataclass(frozen=True)
class TextSite:
    """Text that has been read and cut into sub-words, and how rows of it are made.

    Attributes:
        encoded: Sentences by language.
        units: Sentences that are translations of each other.
        tokenizer: The tokenizer, which has a mask.
        length: Sub-words per row.
        batch_size: Rows per step, over all processes.
        accumulation: Micro-batches that each process cuts its share of a batch into.
        seed: Seed of the rows.
        group: Processes that share every batch.
        masked: The masked-LM model over the encoder that is trained, if that is another; see `MaskedLM`.
    """

    encoded: dict[str, EncodedText]
    units: Sequence[Unit]
    tokenizer: PreTrainedTokenizerBase
    length: int
    batch_size: int
    accumulation: int
    seed: int
    group: Communicator
    masked: PreTrainedModel | None = None


def build_text_source(asked: spec.MaskedSource, name: str, site: TextSite) -> DataSource:
    """One source of text: its rows, drawn and masked, and its loss."""
    frame = build_frame(site.tokenizer)
    rows: DrawRow
    match asked:
        case spec.MLM(temperature=temperature):
            rows = RunningTextRows(site.encoded, length=site.length, frame=frame, temperature=temperature)
        case spec.TLM(temperature=temperature):
            rows = PairRows(site.encoded, site.units, length=site.length, frame=frame, temperature=temperature)
    stream = MaskedStream(
        rows,
        build_masking(site.tokenizer, asked.masking),
        name=name,
        seed=site.seed,
        batch_size=site.batch_size,
        length=site.length,
        rank=site.group.rank,
        world_size=site.group.world_size,
        accumulation=site.accumulation,
    )
    return DataSource(name, stream, MaskedLM(asked.kind, site.masked))


class Shared(Protocol):
    """What has a share of the steps."""

    @property
    def kind(self) -> str:
        """Its kind."""

    @property
    def share(self) -> float:
        """Its share."""


Asked = TypeVar("Asked", bound=Shared)


def build_stages(
    stages: Sequence[spec.Stage],
    sources: Sequence[Asked],
    site: TextSite,
    steps: int,
    build: Callable[[Asked, str, TextSite], tuple[DataSource, int]],
) -> tuple[dict[str, DataSource], Sampler, dict[str, int]]:
    """Per stage each source, who draws between them, and the tokens in a batch of each.

    Args:
        stages: The stages.
        sources: What is learned from, and in which shares.
        site: The text.
        steps: Steps of the run.
        build: Makes one source, given a name and the text of a stage, and says how many tokens a row of it has.
    """
    found: dict[str, DataSource] = {}
    tokens: dict[str, int] = {}
    samplers = []
    for number, stage in enumerate(stages):
        at = replace(site, length=stage.length, batch_size=stage.batch_size)
        built = [build(asked, f"{asked.kind}-{number}", at) for asked in sources]
        own = [source for source, _ in built]
        found |= {source.name: source for source in own}
        tokens |= {source.name: stage.batch_size * length for source, length in built}
        # Shares of one must not differ from it by rounding.
        shares = [asked.share / sum(other.share for other in sources) for asked in sources]
        samplers.append(
            sampling.Drawn(tuple(sampling.Joint((source.name,)) for source in own), tuple(shares), site.seed)
        )
    ends = np.round(np.cumsum([stage.share for stage in stages])[:-1] * steps).astype(int)
    return found, sampling.Stages(tuple(samplers), tuple(ends.tolist())), tokens


def compile_layers(model: torch.nn.Module) -> None:
    """Compile each layer for the lengths of the stages; parameters keep their names."""
    stacks = [module for module in model.modules() if isinstance(module, torch.nn.ModuleList)]
    for layer in max(stacks, key=lambda stack: sum(parameter.numel() for parameter in stack.parameters())):
        layer.compile(dynamic=False)
