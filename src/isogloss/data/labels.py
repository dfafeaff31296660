"""What a gold label of a text is: one spelling for equal values, what stands for none, and how ``label_map`` renames.

The rules hold for texts with one label and for alternatives, in every format alike. Tags of tokens are other matters: a
``-`` may be one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from isogloss.common.errors import IsoglossError

NO_LABEL = frozenset({"", "-", "-1"})
"""What stands where a text has no gold label: nothing, the ``-`` of SNLI and MNLI, the ``-1`` of copies on hubs."""

NO_NUMBER = frozenset({"NaN", "nan", "Infinity", "-Infinity", "inf", "-inf"})
"""How JSON, Python and pandas write numbers that are none, which mostly means that a value was lost."""

SAME_NAMES: Mapping[str, str] = MappingProxyType({})
"""A ``label_map`` that renames nothing."""

_WHOLE = re.compile(r"\A(-?[0-9]+)\.0+\Z")
_TRUTHS = (("0", "1"), ("false", "true"), ("False", "True"), ("FALSE", "TRUE"))


NO_TAG = "_"
"""What all tokens of a sentence have for a tag where it has none, as in CoNLL-U."""


def untagged(tags: Sequence[str], label_map: Mapping[str, str] = SAME_NAMES) -> int | None:
    """Where a sentence that has tags lacks one (`NO_TAG`), from 0; None: nowhere, or it has no tags at all.

    Example:
        >>> untagged(["NOUN", "_"]), untagged(["_", "_"]), untagged(["NOUN", "_"], {"_": "X"})
        (1, None, None)
    """
    lacking = NO_TAG in tags and NO_TAG not in label_map and set(tags) != {NO_TAG}
    return tags.index(NO_TAG) if lacking else None


def gold_tags(tags: Sequence[str], label_map: Mapping[str, str] = SAME_NAMES) -> tuple[str, ...] | None:
    """The tags of a sentence; None if all are `NO_TAG`, and ``label_map`` does not rename it.

    Example:
        >>> gold_tags(["NOUN"]), gold_tags(["_", "_"])
        (('NOUN',), None)
    """
    return None if set(tags) == {NO_TAG} and NO_TAG not in label_map else tuple(tags)


def as_text(value: object) -> str:
    """A value of JSON or Parquet as a label is written: texts as they are, the others as JSON, null as nothing.

    Example:
        >>> [as_text(value) for value in ("yes", None, True, 2, 1.0)]
        ['yes', '', 'true', '2', '1.0']
    """
    if value is None or isinstance(value, str):
        return value or ""
    return f"{value:.1f}" if isinstance(value, float) and value.is_integer() else json.dumps(value)


def gold_label(text: str, label_map: Mapping[str, str] = SAME_NAMES) -> str | None:
    """The label that a text stands for; None where it stands for no label (`NO_LABEL`).

    A whole number has one spelling: ``1.0`` is ``1``. What ``label_map`` names is renamed, whatever it is.

    Args:
        text: The label as it stands in the file.
        label_map: New names by old ones, spelt as in the file or as the label comes out.

    Raises:
        IsoglossError: The label is one of `NO_NUMBER`, and not renamed.

    Example:
        >>> [gold_label(text) for text in ("entailment", "2.0", "-")]
        ['entailment', '2', None]
        >>> gold_label("-", {"-": "minus"})
        'minus'
    """
    stripped = text.strip()
    label = _WHOLE.sub(r"\1", stripped)
    for spelling in (stripped, label):
        if spelling in label_map:
            return label_map[spelling]
    if label in NO_NUMBER:
        raise IsoglossError(
            f"the label is {label}, which is no number: leave it empty (in JSON: null) where there is no gold label; "
            f"label_map {{{label}: {label}}} keeps it as the name of a class"
        )
    return None if label in NO_LABEL else label


def two_spellings(labels: Iterable[str]) -> tuple[str, str] | None:
    """Two labels of which only one can be meant, the first of their kind: ``1`` or ``0`` and ``true`` or ``false``.

    Example:
        >>> two_spellings(["1", "0", "true"])
        ('1', 'true')
    """
    found: dict[tuple[str, str], str] = {}
    for label in labels:
        for truth in _TRUTHS:
            if label in truth:
                found.setdefault(truth, label)
    first, second, *_ = (*found.values(), None, None)
    return None if first is None or second is None else (first, second)
