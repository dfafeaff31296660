"""Open cloze as in X-FACTR: does a model decode the name of the object, sub-word by sub-word?"""

from __future__ import annotations

from collections.abc import Mapping

from isogloss.calls.probing.gaps import open_gaps
from isogloss.calls.probing.probed import Probed
from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.progress import progress
from isogloss.diagnostics.knowledge.decoding import Decode, Decoder, by_confidence, independent
from isogloss.diagnostics.knowledge.decoding import decoding as decoding_of
from isogloss.diagnostics.knowledge.finding import Finding

ORDERS: Mapping[str, Decode] = {"independent": independent, "confidence": by_confidence}


def decoding(
    probed: Probed,
    *,
    data: str | None = None,
    order: str = "independent",
    masks: int = 5,
    limit: int | None = None,
) -> tuple[str, list[Finding]]:
    """Share of facts whose object is decoded, a mean over relations; no candidates are given.

    Args:
        probed: The model, with its masked-LM head.
        data: Folder in the format of mLAMA, see `isogloss.data.mlama`.
        order: ``independent``: all masks at once; ``confidence``: the most certain one, then the model again.
        masks: Most masks of a gap (X-FACTR: 5 to 10, by language).
        limit: Facts of a relation in a language, at most; None: all.

    Returns:
        Name of the folder, and what was found; views ``all``, ``one-sub-word`` and ``several-sub-words`` by the object.

    Raises:
        IsoglossError: No data are named, they have an error, or the model has no masked-LM head.
    """
    if order not in ORDERS:
        raise IsoglossError(f"order: {order!r} is unknown{nearest(order, ORDERS)}")
    gaps = open_gaps(probed, data, limit)
    if not 1 <= masks <= gaps.form.length // 2:
        raise IsoglossError(f"masks: from 1 to {gaps.form.length // 2}, found {masks}")
    tokenizer = gaps.loaded.tokenizer
    decoder = Decoder(gaps.filler, tuple(tokenizer.all_special_ids))
    found = list[Finding]()
    with progress(len(gaps), "decoding") as done:
        for language, relations in gaps.relations.items():
            found += decoding_of(
                relations,
                language,
                gaps.form,
                decoder,
                ORDERS[order],
                masks=masks,
                text_of=lambda pieces: str(tokenizer.decode(list(pieces))),
                metric=f"accuracy_{order}",
                done=done,
            )
    return gaps.data, found
