"""How likely each sub-word is at some places of a text, which a masked-LM model says.

Shapes: k places, v sub-words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from isogloss.models.extensions.adapters import of_languages
from isogloss.models.holding import evaluating
from isogloss.objectives.masked_lm import masked_logits
from isogloss.objectives.supervised import IGNORED
from isogloss.streams.masked import padded

Key = TypeVar("Key")


@dataclass(frozen=True)
class Filler:
    """A masked-LM model that says what may stand at places.

    Attributes:
        model: The model.
        padding: Id of the padding sub-word.
        batch_size: Rows per forward pass.
    """

    model: PreTrainedModel
    padding: int
    batch_size: int

    @torch.no_grad()
    def __call__(
        self, rows: Iterable[tuple[Key, np.ndarray, np.ndarray]], language: str
    ) -> Iterator[tuple[Key, Tensor]]:
        """Log-probabilities ``[k, v]`` at the places of each row, in float32 on the model's device.

        Args:
            rows: A key, sub-words with special ones, and the k places in ascending order; rows that come one after the
                other are padded together, so those of like length should.
            language: Language of the rows.
        """
        rest = iter(rows)
        while chosen := list(islice(rest, self.batch_size)):
            longest = max(len(ids) for _, ids, _ in chosen)
            labels = [np.full_like(ids, IGNORED) for _, ids, _ in chosen]
            for own, (_, ids, places) in zip(labels, chosen, strict=True):
                own[places] = ids[places]
            sides = [(ids, own, language) for own, (_, ids, _) in zip(labels, chosen, strict=True)]
            batch = padded(sides, self.padding, longest).to(self.model.device)
            assert batch.labels is not None
            wanted = batch.labels != IGNORED
            with evaluating(self.model), of_languages(self.model, batch.languages, wanted):
                logits = masked_logits(self.model, batch.inputs, wanted).float()
            found = torch.split(logits.log_softmax(dim=-1), [len(places) for *_, places in chosen])
            yield from zip((key for key, *_ in chosen), found, strict=True)
