"""What an encoder has forgotten of its pre-training, and how far it has moved from it.

Shapes: m masked places, v sub-words of the vocabulary, d components of a hidden state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional
from transformers import AutoModelForMaskedLM, PreTrainedModel

from isogloss.common.errors import IsoglossError
from isogloss.models.extensions import extensions_of
from isogloss.models.extensions.adapters import of_languages
from isogloss.models.extensions.lora import NAME, Lora
from isogloss.models.holding import evaluating
from isogloss.models.open import open_model
from isogloss.models.parts import parts_of
from isogloss.objectives.masked_lm import masked_logits
from isogloss.objectives.supervised import IGNORED
from isogloss.protocols import Batch


@dataclass(frozen=True)
class Forgotten:
    """What is left of masked language modelling in one language.

    Attributes:
        loss: Mean cross-entropy of the masked sub-words, in nats, of the encoder now under the head of the start.
        start_loss: The same of the encoder that it started from.
        divergence: KL(start ‖ now) = Σ_w p_start(w) log(p_start(w) / p_now(w)), mean over the masked places, in nats.
        places: Number m of masked places.
    """

    loss: float
    start_loss: float
    divergence: float
    places: int

    @property
    def rise(self) -> float:
        """Loss now minus loss at the start."""
        return self.loss - self.start_loss


def load_start(source: str | Path, *, trust_remote_code: bool = False) -> PreTrainedModel:
    """The checkpoint that a run starts from, with the masked-LM head that it was pre-trained with.

    Args:
        source: Local folder, name of a shipped encoder, or id of a model on the hub.
        trust_remote_code: Whether to run Python code that comes with the model.

    Raises:
        IsoglossError: The checkpoint has no masked-LM head, or cannot be loaded.
    """
    loaded = open_model(source, AutoModelForMaskedLM, None, seed=0, trust_remote_code=trust_remote_code)
    lacking = sorted(name for name in loaded.fresh if "pooler" not in name)
    if lacking:
        raise IsoglossError(
            f"model {str(source)!r} has no masked-LM head, so it cannot be said what is forgotten: its weights lack "
            f"{', '.join(lacking[:3])}{' and others' if len(lacking) > 3 else ''}. A checkpoint as `isogloss pretrain` "
            "and most publishers of encoders leave it has one"
        )
    for parameter in loaded.model.parameters():
        parameter.requires_grad_(False)
    return loaded.model


@torch.no_grad()
def forgetting(
    model: PreTrainedModel,
    start: PreTrainedModel,
    batches: Mapping[str, Sequence[Batch]],
    *,
    autocast: Callable[[], AbstractContextManager[Any]] = nullcontext,
) -> dict[str, Forgotten]:
    """Masked language modelling of a fine-tuned encoder, language by language, against that of its start.

    The last hidden states of the encoder now are read by the masked-LM head of the start, as it was pre-trained: its
    output layer is tied to the embeddings of the START, not to those of the encoder now. So the head is one fixed
    reader, and what is measured is whether the encoder still says what that reader understands. (Tied to the embeddings
    of now, the reader would move with what it reads.)

    Modes of both models are left as they are; nothing random is drawn.

    Args:
        model: The model now, with whatever head; only its encoder counts.
        start: The model that it started from, see `load_start`.
        batches: By language, masked text, see `isogloss.streams.masked.masked_batches`: the same for all that is
            compared. Languages that the model was never trained on are welcome.
        autocast: Makes the context of a forward pass.

    Returns:
        By language; languages without a masked place are left out.

    Reference:
        Lee et al., *Sequential Reptile*, ICLR 2022, look at forgetting by masked language modelling; this protocol is
        our own.
    """
    places_of = [next(own.parameters()).device for own in (model, start)]
    if places_of[0] != places_of[1]:
        raise IsoglossError(
            f"model and start must be on one device, found {places_of[0]} and {places_of[1]}: start.to({places_of[0]})"
        )
    found = {}
    with evaluating(model), evaluating(start):
        for language, own in batches.items():
            sums, places = torch.zeros(3, dtype=torch.float64), 0
            for batch in own:
                part, number = _sums(model, start, batch, autocast)
                sums, places = sums + part, places + number
            if places:
                loss, start_loss, divergence = (sums / places).tolist()
                found[language] = Forgotten(loss, start_loss, divergence, places)
    return found


@torch.no_grad()
def distances(model: PreTrainedModel, start: PreTrainedModel) -> dict[str, tuple[float, float]]:
    """How far the encoder's weights have moved, ‖θ − θ₀‖₂, and that as a share of where they were, ‖θ − θ₀‖₂ / ‖θ₀‖₂.

    Forgetting belongs beside it: an encoder that has hardly moved has forgotten little.

    Args:
        model: The model now, with whatever head; only parameters of its encoder that the start has too are counted.
            LoRA counts as what it adds to them.
        start: The model that it started from.

    Returns:
        Distance and relative distance of ``encoder``, the whole of it, and of each of `parts_of` but the head. A part
        that was all zero has a relative distance of NaN.
    """
    before = dict(start.base_model.named_parameters())
    names = {id(parameter): name for name, parameter in model.base_model.named_parameters()}
    lora = extensions_of(model).get(NAME)
    added = lora.changes() if isinstance(lora, Lora) else {}
    squares: dict[str, torch.Tensor] = {}
    for part, parameters in parts_of(model).items():
        for parameter in parameters:
            origin = before.get(names.get(id(parameter), ""))
            if origin is None:
                continue
            now, then = parameter.detach().double(), origin.to(parameter.device).double()
            if parameter in added:
                now = now + added[parameter]
            pair = torch.stack([(now - then).square().sum(), then.square().sum()]).cpu()
            squares[part] = squares.get(part, torch.zeros(2, dtype=torch.float64)) + pair
    every = {"encoder": torch.stack(list(squares.values())).sum(dim=0), **squares}
    return {part: (float(moved.sqrt()), float((moved / norm).sqrt())) for part, (moved, norm) in every.items()}


def _sums(
    model: PreTrainedModel,
    start: PreTrainedModel,
    batch: Batch,
    autocast: Callable[[], AbstractContextManager[Any]],
) -> tuple[torch.Tensor, int]:
    """Summed loss now, loss at the start and divergence ``[3]``, and the number of masked places."""
    batch = batch.to(next(start.parameters()).device)
    assert batch.labels is not None
    masked = batch.labels != IGNORED
    with autocast():
        with of_languages(model, batch.languages):
            now = model.base_model(**batch.inputs).last_hidden_state[masked]  # [m, d]
        logits = masked_logits(start, batch.inputs, masked, beside=now)  # [2m, v]
    of_start, of_now = logits.float().log_softmax(dim=-1).chunk(2)
    targets = batch.labels[masked]
    losses = [functional.nll_loss(logs, targets, reduction="sum") for logs in (of_now, of_start)]
    divergence = functional.kl_div(of_now, of_start, reduction="sum", log_target=True)
    return torch.stack([*losses, divergence]).double().cpu(), len(targets)
