"""Sentence retrieval between parallel texts: does a sentence lie nearest to its own translation?

Shapes: n sentences, l layers, s sub-words, d components of a vector.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import normalize
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from isogloss.common.errors import IsoglossError
from isogloss.models.holding import evaluating


def retrieval_accuracy(queries: Tensor, candidates: Tensor, *, centred: bool, csls: int | None = None) -> float:
    """Share of sentences whose nearest candidate is their own translation.

    The sides are not alike: XTREME's queries for Tatoeba are the English sentences, its candidates those of the other
    language (`isogloss.retrieve` does the same by default).

    (1/n) Σ_i [i = argmax_j cos(q_i, c_j)], with q_i − mean(q) and c_j − mean(c) in place of q_i and c_j where
    ``centred``: a direction that all sentences of a language share says which language it is, not what is said. Of
    equally near candidates the first counts.

    With ``csls`` = k the nearest is argmax_j [2 cos(q_i, c_j) − r(c_j)], where r(c) is the mean cosine of c with the k
    queries nearest to it: a candidate that is near to everything is near to nothing in particular.

    Args:
        queries: Vectors of the sentences, ``[n, d]``.
        candidates: Vectors of their translations in the same order, ``[n, d]``.
        centred: Whether to subtract from each side its mean over the n sentences first.
        csls: Number of neighbours k ≥ 1 (all, if there are fewer); None: the plain cosine.

    Returns:
        The accuracy, in [0, 1]; 1/n by chance.

    Raises:
        IsoglossError: The sides differ in the number of sentences or of components, there is no sentence, a
            component is not finite, or ``csls`` is less than 1.

    Example:
        >>> english = torch.tensor([[5.0, 1.0], [5.0, 2.0]])
        >>> german = english + torch.tensor([-4.0, 4.0])
        >>> retrieval_accuracy(english, german, centred=False), retrieval_accuracy(english, german, centred=True)
        (0.5, 1.0)

    Reference:
        Artetxe and Schwenk, *Massively Multilingual Sentence Embeddings for Zero-Shot Cross-Lingual Transfer and
        Beyond*, TACL 2019 (the Tatoeba test sets); Hu et al., *XTREME*, ICML 2020 (cosine; ``similarity_search`` in
        ``third_party/utils_retrieve.py`` of google-research/xtreme);
        Conneau et al., *Word Translation Without Parallel Data*, ICLR 2018 (CSLS, k = 10).
    """
    _require_parallel(queries, candidates)
    # In double precision the nearest one does not depend on how a product of matrices is cut.
    sides = [side.detach().to(torch.float64) for side in (queries, candidates)]
    if centred:
        sides = [side - side.mean(dim=0) for side in sides]
    left, right = (normalize(side, dim=1) for side in sides)
    scores = left @ right.T
    if csls is not None:
        if csls < 1:
            raise IsoglossError(f"csls: the number of neighbours must be at least 1, found {csls}")
        scores = 2 * scores - scores.topk(min(csls, len(scores)), dim=0).values.mean(dim=0)
    nearest = scores.argmax(dim=1)
    return float((nearest == torch.arange(len(nearest), device=nearest.device)).double().mean())


def sentence_vectors(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    texts: Sequence[str],
    *,
    layer: int,
    max_length: int,
    batch_size: int,
    special: bool = False,
) -> Tensor:
    """One vector per text: the mean of a layer's hidden states over the text's sub-words.

    v = (1/|S|) Σ_{t ∈ S} h_t, where S are the text's own sub-words, and with ``special`` also those that the tokenizer
    adds, as in XTREME's code for Tatoeba.

    Args:
        model: An encoder, with or without a head; its mode, training or not, and the global random state stay as they
            were.
        tokenizer: Its fast tokenizer.
        texts: The n texts.
        layer: The layer: 0 for the embeddings, l for the output of the last layer.
        max_length: Sub-words per text, special ones included; longer texts are truncated.
        batch_size: Texts per forward pass.
        special: Whether the mean takes in the special sub-words.

    Returns:
        Vectors ``[n, d]`` in float32 on the CPU, in the order of the texts.

    Raises:
        IsoglossError: The model has no such layer, there is no text, or a text has no sub-word of its own.
    """
    layers = int(model.config.num_hidden_layers)
    if not 0 <= layer <= layers:
        raise IsoglossError(f"layer {layer}: the model has layers 0 (the embeddings) to {layers}")
    return layer_vectors(model, tokenizer, texts, max_length=max_length, batch_size=batch_size, special=special)[layer]


@torch.no_grad()
def layer_vectors(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    texts: Sequence[str],
    *,
    max_length: int,
    batch_size: int,
    special: bool = False,
) -> Tensor:
    """The vectors of `sentence_vectors` for every layer, at the cost of one.

    Args:
        model: An encoder, see `sentence_vectors`.
        tokenizer: Its fast tokenizer.
        texts: The n texts.
        max_length: Sub-words per text, special ones included; longer texts are truncated.
        batch_size: Texts per forward pass.
        special: Whether the mean takes in the special sub-words.

    Returns:
        Vectors ``[l + 1, n, d]`` in float32 on the CPU, the embeddings first.

    Raises:
        IsoglossError: There is no text, or a text has no sub-word of its own.
    """
    if not texts:
        raise IsoglossError("sentence vectors need at least one text, found none")
    encoding = tokenizer(
        list(texts), truncation=True, max_length=max_length, padding=False, return_special_tokens_mask=True
    )
    added = encoding.pop("special_tokens_mask")
    for index, mask in enumerate(added):
        if all(mask):
            raise IsoglossError(f"text {index} has no sub-word to take the mean of, found {texts[index]!r}")
    left_out = [[0] * len(mask) for mask in added] if special else added
    # Texts of like length together: less padding.
    by_length = sorted(range(len(texts)), key=lambda index: len(added[index]))
    encoder = model.base_model
    parts = []
    with evaluating(model):
        for start in range(0, len(by_length), batch_size):
            chosen = by_length[start : start + batch_size]
            padded = tokenizer.pad({name: [rows[i] for i in chosen] for name, rows in encoding.items()}, padding=True)
            inputs = {name: torch.tensor(rows, device=model.device) for name, rows in padded.items()}
            states = torch.stack(encoder(**inputs, output_hidden_states=True).hidden_states).float()
            taken = _taken(padded["attention_mask"], [left_out[i] for i in chosen]).to(states)
            parts.append(((states * taken[..., None]).sum(dim=2) / taken.sum(dim=1)[:, None]).cpu())
    return torch.cat(parts, dim=1)[:, torch.tensor(by_length).argsort()]


def _taken(attended: Sequence[Sequence[int]], left_out: Sequence[Sequence[int]]) -> Tensor:
    """Which sub-words ``[b, s]`` the mean takes in, whichever side the padding is on."""
    taken = torch.tensor(attended)
    taken[taken.bool()] = 1 - torch.tensor([mark for marks in left_out for mark in marks])
    return taken


def _require_parallel(queries: Tensor, candidates: Tensor) -> None:
    for name, side in (("queries", queries), ("candidates", candidates)):
        if side.dim() != 2:
            raise IsoglossError(f"{name} must be vectors [n, d], found the shape {list(side.shape)}")
        if not torch.isfinite(side).all():
            raise IsoglossError(f"{name} must be finite, found a component that is not")
    if len(queries) != len(candidates):
        raise IsoglossError(
            f"each query needs its translation among the candidates, in the same order: found {len(queries)} queries "
            f"and {len(candidates)} candidates"
        )
    if not len(queries):
        raise IsoglossError("retrieval needs at least one pair of sentences, found none")
    if queries.shape[1] != candidates.shape[1]:
        raise IsoglossError(
            f"both sides need vectors of one length: found {queries.shape[1]} components and {candidates.shape[1]}"
        )
