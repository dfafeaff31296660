"""Masked language modelling; over a sentence and its translation it is translation language modelling."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

from isogloss.models.extensions.adapters import of_languages
from isogloss.objectives.supervised import IGNORED
from isogloss.protocols import Batch


class MaskedLM:
    """Cross-entropy of masked sub-words: −Σᵢ log softmax(logitsᵢ)[labelᵢ] over the masked places i of each example.

    Logits are computed at the masked places only, [m, v] instead of [b, s, v] for m masked places and v sub-words.
    Which places are masked, and by what, is decided by the stream (`isogloss.streams.masked`). The cross-entropy is
    taken in float32, also under autocast.

    Args:
        term: Name of the loss: ``mlm``, or ``tlm`` where the stream gives pairs of translations.
        masked: The masked-LM model whose encoder is that of the model that is trained, where this one has another head
            (`isogloss.models.extensions.MaskedHead`); None: the trained model is one itself.

    Example:
        A model of zeros finds all of ten sub-words equally likely, and loses log 10 = 2.303 per masked one:

        >>> from transformers import BertConfig, BertForMaskedLM
        >>> sizes = {"num_hidden_layers": 1, "num_attention_heads": 1, "hidden_size": 4, "intermediate_size": 4}
        >>> unsure = BertForMaskedLM(BertConfig(vocab_size=10, **sizes))
        >>> _ = [parameter.data.zero_() for parameter in unsure.parameters()]
        >>> labels = torch.tensor([[IGNORED, 5, IGNORED, 7]])
        >>> batch = Batch({"input_ids": torch.tensor([[0, 4, 6, 4]])}, labels, ("en",))
        >>> MaskedLM().counts(batch), MaskedLM()(unsure, batch)["mlm"].detach()
        ({'mlm': tensor([2])}, tensor([4.6052]))

    Reference:
        Devlin et al., *BERT*, NAACL 2019; Lample, Conneau, *Cross-lingual Language Model Pretraining*, NeurIPS 2019
        (TLM).
    """

    def __init__(self, term: str = "mlm", masked: PreTrainedModel | None = None) -> None:
        self.term, self._masked = term, masked

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        """Number of masked places of each example ``[b]``."""
        return {self.term: (_labels(batch) != IGNORED).sum(dim=1)}

    def __call__(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Loss of each example, summed over its masked places ``[b]``."""
        labels = _labels(batch)
        masked = labels != IGNORED  # [b, s]
        with of_languages(model, batch.languages, masked):
            logits = masked_logits(self._masked or model, batch.inputs, masked)  # [m, v]
        losses = functional.cross_entropy(logits.float(), labels[masked], reduction="none")  # [m]
        rows = masked.nonzero()[:, 0]
        return {self.term: losses.new_zeros(len(batch)).index_add(0, rows, losses)}


def masked_logits(
    model: nn.Module, inputs: dict[str, Tensor], places: Tensor, *, beside: Tensor | None = None
) -> Tensor:
    """The logits of a masked-LM model at some places only.

    The encoder's last hidden states [b, s, d] are cut to those of the places [m, d] before the head sees them, by a
    hook on the encoder: so this works for every model class whose head looks at one place at a time, as those of
    transformers do.

    Args:
        model: A model as ``AutoModelForMaskedLM`` loads it.
        inputs: Its inputs ``[b, s]``.
        places: Which places to compute ``[b, s]``, m of them true.
        beside: Hidden states of another encoder ``[k, d]`` for the head to read besides; None: none.

    Returns:
        Logits ``[m, v]``, in the order of the places, row by row; with ``beside`` ``[m + k, v]``.
    """
    with _cut_to(model.base_model, places, beside):  # type: ignore[arg-type]
        return model(**inputs).logits  # type: ignore[no-any-return]


@contextmanager
def _cut_to(encoder: nn.Module, places: Tensor, beside: Tensor | None) -> Iterator[None]:
    def cut(module: nn.Module, arguments: Any, output: Any) -> Any:  # noqa: ANN401 - any ModelOutput
        own = output.last_hidden_state[places]
        output.last_hidden_state = own if beside is None else torch.cat([own, beside.to(own)])
        return output

    handle = encoder.register_forward_hook(cut)
    try:
        yield
    finally:
        handle.remove()


def _labels(batch: Batch) -> Tensor:
    if batch.labels is None:
        raise ValueError("masked language modelling needs a batch with labels")
    return batch.labels
