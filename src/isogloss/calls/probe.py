"""Probes of what a model knows: from a model and a corpus to rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from isogloss.calls.arguments import codes_of
from isogloss.calls.required import model_of
from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.writing import append_lines
from isogloss.data.knowledge_files import KnowledgeFolder
from isogloss.recipe.spec.knowledge import SMALL_WORLD

_COMPARED = ("corpus", "leave_out", "heads", "centred", "layer", "limit", "candidates")
KINDS: Mapping[str, tuple[str, ...]] = {
    "entity-retrieval": (*_COMPARED, "mention"),
    "object-entailment": _COMPARED,
    "cloze": ("data", "limit"),
    "decoding": ("data", "limit", "order", "masks"),
    "perplexity": ("text", "corpus", "hide", "limit", "length"),
}
"""The kinds of probe, each with its settings: the arguments of its function, which takes seconds to import."""


def probe(
    model: str | Path,
    *,
    kind: str,
    languages: str | Sequence[str] = (),
    batch_size: int = 32,
    seed: int = 0,
    output: str | Path | None = None,
    items: str | Path | None = None,
    trust_remote_code: bool = False,
    **settings: Any,  # noqa: ANN401 - each kind has its own
) -> list[dict[str, Any]]:
    """What a model knows of entities, facts and language, without training it; see ``docs/probes.md``.

    Args:
        model: Run folder of `isogloss train` or `isogloss pretrain`, local folder, name of a shipped encoder or id of a
            model on the hub.
        kind: ``entity-retrieval``, ``object-entailment``, ``cloze``, ``decoding`` or ``perplexity``; each is a file of
            `isogloss.calls.probing`, which says what its settings are.
        languages: Languages; by default those of the run, where its own corpus is probed on, else all that there are.
        batch_size: Rows per forward pass.
        seed: Decides which items are taken where there are more than are wanted.
        output: File of JSON lines to which the rows are added; None: none.
        items: File of JSON lines to which a row per item is added, with its score; None: none.
        trust_remote_code: Whether to run Python code that comes with the model.
        settings: What the kind can be told besides, such as ``corpus`` and ``leave_out``.

    Returns:
        A row per language or pair of languages, view and metric, with the columns of `isogloss.run.evaluation.COLUMNS`
        (``task`` is the kind) and ``chance``, what guessing gives, ``low`` and ``high``, an interval of 95 % over items
        drawn anew (null where there are fewer than five, or none differs).

    Raises:
        IsoglossError: An unknown kind or setting, or what its function says.
    """
    if kind not in KINDS:
        raise IsoglossError(f"kind: no probe {kind!r}{nearest(kind, KINDS)}")
    for name in settings:
        if name not in KINDS[kind]:
            raise IsoglossError(f"{name}: the probe {kind} has no such setting{nearest(name, KINDS[kind])}")
    if batch_size < 1:
        raise IsoglossError(f"batch_size: at least 1, found {batch_size}")
    codes = tuple(codes_of(languages, "languages") if languages else ())
    model_of(model)
    if settings.get("corpus") not in (None, SMALL_WORLD):
        KnowledgeFolder(Path(settings["corpus"]))
    # Here, since torch takes seconds, which whoever has mistyped a name need not wait.
    from isogloss.calls.probing.kinds import FUNCTIONS
    from isogloss.calls.probing.probed import Probed
    from isogloss.calls.probing.rows import item_rows, probe_rows, probe_table

    probed = Probed(model, codes, batch_size, seed, trust_remote_code)
    data, findings = FUNCTIONS[kind](probed, **settings)
    recipe = probed.recipe
    method, own = (None, None) if recipe is None else ("pretraining", recipe.seed)
    rows = probe_rows(findings, data, run=str(model), task=kind, method=method, seed=own)
    if output is not None:
        append_lines(Path(output), rows)
    if items is not None:
        append_lines(Path(items), item_rows(findings, run=str(model), task=kind, data=data))
    print(probe_table(rows))
    return rows
