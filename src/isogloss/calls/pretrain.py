"""Train an encoder on text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from isogloss.calls.arguments import as_overrides
from isogloss.calls.neighbours import naming_neighbours
from isogloss.calls.repeated import print_renewed
from isogloss.calls.required import require_files, require_models
from isogloss.common.locking import locked
from isogloss.recipe.resolve import resolve_pretraining
from isogloss.recipe.spec.pretraining import Pretraining
from isogloss.reports.tables import distilled_table, masked_table
from isogloss.run.clearing import require_usable
from isogloss.run.folder import RunFolder


def pretrain(
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
    """Train an encoder on text with masked language modelling, from random weights or from a model there is.

    Args:
        recipe: Path to YAML, name of a shipped recipe, or a mapping.
        overrides: Keys to change, ``"a.b=c"`` each.
        scale: One of the recipe's scales.
        limit: Sentences read per file.
        output: Run folder; default ``runs/<recipe>-<scale>``. The model is in ``model`` below it, and language
            adapters, if the recipe trains these, in ``adapters/LANGUAGE``, folders as AdapterHub has them.
        resume: Go on with an existing run; one that has not been started is started.
        overwrite: Remove an existing run, once recipe, text and model have been read without an error, and start anew.
            A folder that holds anything else is refused.
        report_to: none, tensorboard or wandb.

    Returns:
        The rows of the final scores per language on held-out text: masked accuracy and loss, or with a ``teacher`` the
        loss of distillation and its terms.

    Raises:
        IsoglossError: Bad input, a failed write, or another process is at work in the folder.
    """
    resolved = resolve_pretraining(recipe, overrides=as_overrides(overrides, limit, report_to), scale=scale)
    stem = resolved.name or (Path(recipe).stem if isinstance(recipe, str | Path) else "pretraining")
    default = stem if scale is None or resolved.name else f"{stem}-{scale}"
    path = Path(output) if output is not None else Path("runs") / default
    require_usable(RunFolder(path), resolved.model_dump(mode="json"), resume=resume, overwrite=overwrite)
    with naming_neighbours(recipe, resolved):
        require_models(resolved)
        require_files(resolved)
    print_renewed(recipe, resolved)
    # Here, since torch takes seconds, which whoever has mistyped a name need not wait.
    from isogloss.calls.ended import print_adapters, print_doubts
    from isogloss.common.distributed import processes
    from isogloss.start.prepare_pretraining import prepare_pretraining

    with naming_neighbours(recipe, resolved), locked(path, processes()):
        experiment = prepare_pretraining(resolved, path, resume=resume, overwrite=overwrite)
        final = experiment.run()
    if experiment.ranks.rank == 0 and final:
        print(masked_table(final) if resolved.teacher is None else distilled_table(final))
        print_doubts(experiment, final)
        print_adapters(experiment)
    return final
