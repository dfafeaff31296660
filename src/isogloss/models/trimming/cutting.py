"""A whole tokenizer with some of its sub-words: its model, its added tokens, and what names either by id."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tokenizers import Tokenizer

from isogloss.models.trimming.vocabulary import vocabulary_of


@dataclass(frozen=True)
class Cut:
    """A tokenizer, and where its sub-words stood in that which it was cut from.

    Attributes:
        tokenizer: The tokenizer.
        rows: By id of a sub-word, its id before.
    """

    tokenizer: Tokenizer
    rows: tuple[int, ...]


def cut_to(tokenizer: Tokenizer, stay: Collection[int], *, padding: int) -> Cut:
    """The tokenizer with some sub-words of its model only; all added tokens stay.

    Sub-words keep their order, those of the model before added tokens that the model does not have. Padding keeps its
    id as long as enough others stay, since models of XLM-R's kind number positions from it.

    Args:
        tokenizer: The tokenizer, left as it is.
        stay: Ids of sub-words of the model; those of added tokens need not be among them.
        padding: Id of the padding token.
    """
    state = json.loads(tokenizer.to_str())
    vocabulary = vocabulary_of(tokenizer)
    added = [int(token["id"]) for token in state["added_tokens"]]
    own = sorted(vocabulary.pieces.keys() & {*stay, *added})
    if padding in own:
        own.remove(padding)
        own.insert(min(padding, len(own)), padding)
    rows = (*own, *sorted({*added} - vocabulary.pieces.keys()))
    ids = {before: now for now, before in enumerate(rows)}
    state["model"] = vocabulary.cut(own)
    state["added_tokens"] = sorted(
        ({**token, "id": ids[token["id"]]} for token in state["added_tokens"]), key=lambda token: int(token["id"])
    )
    state["post_processor"] = _renumbered(state.get("post_processor"), ids)
    if state.get("padding"):
        state["padding"] = {**state["padding"], "pad_id": ids[state["padding"]["pad_id"]]}
    return Cut(Tokenizer.from_str(json.dumps(state)), rows)


def _renumbered(processor: Any, ids: Mapping[int, int]) -> Any:  # noqa: ANN401 - JSON
    """What puts special tokens around texts, with their new ids, at whatever depth it stands."""
    if isinstance(processor, list):
        return [_renumbered(part, ids) for part in processor]
    if not isinstance(processor, dict):
        return processor
    found = {name: _renumbered(part, ids) for name, part in processor.items()}
    for name in ("sep", "cls"):  # of BERT's and RoBERTa's: a token and its id
        if isinstance(found.get(name), list):
            found[name] = _pair(processor[name], ids)
    if isinstance(processor.get("special_tokens"), dict):  # of templates
        found["special_tokens"] = {
            name: {**token, "ids": [ids[number] for number in token["ids"]]}
            for name, token in processor["special_tokens"].items()
        }
    return found


def _pair(token: Sequence[Any], ids: Mapping[int, int]) -> list[Any]:
    return [token[0], ids[token[1]]]
