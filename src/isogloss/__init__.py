"""Carry a multilingual model across languages: train on those that have labels, measure on those that need it."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from isogloss.common.errors import IsoglossError

if TYPE_CHECKING:
    from isogloss.calls.advise import advise
    from isogloss.calls.card import card
    from isogloss.calls.compare import compare
    from isogloss.calls.compare_frame import compare_frame
    from isogloss.calls.corpus import corpus
    from isogloss.calls.distil import distil
    from isogloss.calls.doctor import doctor
    from isogloss.calls.errors import errors
    from isogloss.calls.evaluate import evaluate
    from isogloss.calls.export import export
    from isogloss.calls.gap import gap
    from isogloss.calls.get import get
    from isogloss.calls.load import load
    from isogloss.calls.predict import predict
    from isogloss.calls.pretrain import pretrain
    from isogloss.calls.pretrain_adapter import pretrain_adapter
    from isogloss.calls.probe import probe
    from isogloss.calls.project import project
    from isogloss.calls.report import report
    from isogloss.calls.reproduce import reproduce
    from isogloss.calls.retrieve import retrieve
    from isogloss.calls.show import show
    from isogloss.calls.train import train
    from isogloss.calls.translate import translate
    from isogloss.calls.trim import trim
    from isogloss.calls.unfreezing import unfreezing
    from isogloss.calls.validate import validate
    from isogloss.run.callbacks import Callback, Moment

__all__ = [
    "Callback",
    "IsoglossError",
    "Moment",
    "advise",
    "card",
    "compare",
    "compare_frame",
    "corpus",
    "distil",
    "doctor",
    "errors",
    "evaluate",
    "export",
    "gap",
    "get",
    "load",
    "predict",
    "pretrain",
    "pretrain_adapter",
    "probe",
    "project",
    "report",
    "reproduce",
    "retrieve",
    "show",
    "train",
    "translate",
    "trim",
    "unfreezing",
    "validate",
]


_ELSEWHERE = {"Callback": "isogloss.run.callbacks", "Moment": "isogloss.run.callbacks"}
"""Where the public names are that are no calls."""


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a public name
    """The public names, imported when first used: torch takes seconds, and ``isogloss --help`` needs none of it."""
    if name == "__version__":
        return version("isogloss")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_ELSEWHERE.get(name, f"isogloss.calls.{name}")), name)


def __dir__() -> list[str]:
    """The public names, and the version."""
    return sorted([*__all__, "__version__"])
