"""Train language adapters on text, the encoder as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from isogloss.calls.pretrain import pretrain
from isogloss.recipe.spec.pretraining import Pretraining


def pretrain_adapter(
    recipe: Pretraining | Mapping[str, Any] | str | Path,
    *,
    overrides: Iterable[str] = (),
    scale: str | None = None,
    limit: int | None = None,
    output: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    report_to: str | None = None,
) -> list[dict[str, Any]]:
    """Train an adapter for each language of some text by masked language modelling, the encoder as it is.

    It is `pretrain` with ``adapters`` in its recipe, which are those of MAD-X where the recipe says nothing. Each
    language's text goes through its own adapter, several languages in one run; with ``languages: [xx]`` it trains one.
    A checkpoint without masked-LM head gets a fresh one, which trains along.

    Args:
        recipe: Path to YAML, name of a shipped recipe, or a mapping, as `pretrain` takes it.
        overrides: Keys to change, ``"a.b=c"`` each.
        scale: One of the recipe's scales.
        limit: Sentences read per file.
        output: Run folder; default ``runs/<recipe>-<scale>``. Each adapter is in ``adapters/LANGUAGE`` below it, a
            folder as AdapterHub has them, for ``adapters: {language: ...}`` in a recipe of `train`.
        resume: Go on with an existing run; one that has not been started is started.
        overwrite: Remove an existing run, once recipe, text and model have been read without an error, and start anew.
            A folder that holds anything else is refused.
        report_to: none, tensorboard or wandb.

    Returns:
        The rows of the final scores: masked accuracy and loss per language on held-out text.

    Raises:
        IsoglossError: As `pretrain`.

    Reference:
        Pfeiffer, Vulić, Gurevych, Ruder, *MAD-X: An Adapter-Based Framework for Multi-Task Cross-Lingual Transfer*,
        EMNLP 2020.
    """
    if isinstance(recipe, str | Path):
        stem = Path(recipe).stem
        output = output if output is not None else Path("runs") / (stem if scale is None else f"{stem}-{scale}")
        asked: Mapping[str, Any] = {"base": str(recipe), "adapters": {}}
    else:
        given = recipe.model_dump(mode="json") if isinstance(recipe, Pretraining) else recipe
        asked = {**given, "adapters": given.get("adapters") or {}}
    return pretrain(
        asked,
        overrides=overrides,
        scale=scale,
        limit=limit,
        output=output,
        resume=resume,
        overwrite=overwrite,
        report_to=report_to,
    )
