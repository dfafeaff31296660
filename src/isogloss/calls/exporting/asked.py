"""What a model can be exported as, as far as it can be told without the model."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from isogloss.common.errors import IsoglossError, nearest

KINDS: Mapping[str, str] = {
    "hf": "a model of transformers",
    "onnx": "a graph for onnxruntime",
    "adapterhub": "adapters for AdapterHub's package, and the model that they go into",
    "peft": "LoRA for peft, and the model that it goes into",
}
"""The kinds, and what lies in their folders."""

PACKAGES = ("onnx", "onnxruntime", "onnxscript")
"""What a graph is written and run with."""


def require_kind(kind: str) -> None:
    """Stop unless there is such a kind, and what it is written with.

    Raises:
        IsoglossError: There is none, or ONNX can not be written and run, as a package is not there.
    """
    if kind not in KINDS:
        raise IsoglossError(f"to: {kind!r} is unknown{nearest(kind, KINDS)}")
    lacking = [name for name in PACKAGES if find_spec(name) is None] if kind == "onnx" else []
    if lacking:
        raise IsoglossError(f"to: onnx needs {', '.join(lacking)}, not installed here: pip install 'isogloss[onnx]'")
