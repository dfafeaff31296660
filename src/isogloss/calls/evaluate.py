"""Score the final model of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from isogloss.calls.arguments import codes_of
from isogloss.calls.entries import entries_of
from isogloss.calls.required import finished_run, require_mode, require_split
from isogloss.calls.views import check_view
from isogloss.common.several import several
from isogloss.recipe.build.data import build_collection
from isogloss.recipe.resolve import resolve


def evaluate(
    run: str | Path,
    *,
    data: str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]] = (),
    languages: str | Sequence[str] = (),
    split: str = "dev",
    view: str = "original",
    interpolate: Sequence[float] = (),
    adapters: str | None = None,
) -> list[dict[str, Any]]:
    """Score the final model of a run, and add the rows to its results. Each scoring of a test split is counted.

    Args:
        run: Run folder.
        data: Names of data entries of its recipe, or entries as YAML (``"{format: conllu, path: ...}"``); all of
            the recipe by default. An entry may also be a mapping, and have objects where its path would be, see
            `isogloss.calls.objects.objects_of`; these are written to ``data`` in the run folder.
        languages: Languages; all that have the split by default.
        split: dev or test.
        view: How the text reaches the model: ``original``, as it stands in the file; ``translate-test``, translated
            into the source language by the files that the data entry's ``translations.test`` names;
            ``with-translate-test``, as it stands in the file with that translation beside it, as X-Mixup has it;
            ``with-gold-source``, with what the data set has in the source language under the same id beside it: a
            human's sentence, which no one has where a text must be labelled.
        interpolate: Shares e in [0, 1], each of which is scored: with the weights (1 − e) θ* + e θ between the
            pre-trained θ* and the run's own θ, where a parameter has both (WiSE-FT). None: with θ, as 1.0 is too.
        adapters: Through which language adapters texts go: ``swap``, each language through its own, or where it has
            none as in ``keep``; ``keep``, all through that of the source language; ``both``, one after the other.
            Default: as the recipe says; for ``translate-test``, whose texts are in the source language, ``keep``.

    Returns:
        The rows.

    Raises:
        IsoglossError: No such run, data, language, split or view, a share outside [0, 1], a run from random weights or
            without the language adapters asked for, or another process is at work in its folder.
    """
    check_view(view)
    require_split(split)
    require_mode(adapters)
    codes = codes_of(languages, "languages") if languages else []
    folder, asked = finished_run(run), several(data)
    named = [one for one in asked if isinstance(one, str)]
    for entry in entries_of(named, resolve(folder.recipe), folder.path) if named or not asked else ():
        build_collection(entry, "--data").files()
    # Here, since torch takes seconds, which whoever has mistyped a name need not wait.
    from isogloss.calls.rescoring import rescore

    return rescore(folder.path, asked, codes, split, view, interpolate, adapters)
