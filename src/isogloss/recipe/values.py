"""Values of recipe keys as names and tables show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def as_text(value: Any) -> str:  # noqa: ANN401 - any YAML
    """A value in short: of a part with a kind its kind, of a list its entries with a plus between them.

    Example:
        >>> [as_text(value) for value in (3e-4, None, ["en", "fr"], {"kind": "fun", "every": 2}, {"a": 1})]
        ['0.0003', 'null', 'en+fr', 'fun', '{a: 1}']
        >>> as_text(0.1234567), as_text(1.0)
        ('0.1234567', '1')
    """
    if isinstance(value, Mapping):
        listed = ", ".join(f"{key}: {as_text(own)}" for key, own in value.items())
        return str(value["kind"]) if "kind" in value else f"{{{listed}}}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "+".join(map(as_text, value))
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if not isinstance(value, float):
        return str(value)
    short = f"{value:g}"
    return short if float(short) == value else repr(value)  # six digits do not tell all values apart
