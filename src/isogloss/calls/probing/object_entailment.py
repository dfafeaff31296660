"""Object entailment: do what a subject is and a relation find the description of the object?"""

from __future__ import annotations

from isogloss.calls.probing.comparison import CANDIDATES, LIMIT, open_comparison
from isogloss.calls.probing.probed import Probed
from isogloss.common.errors import IsoglossError
from isogloss.diagnostics.knowledge.facts import fact_questions
from isogloss.diagnostics.knowledge.finding import Finding
from isogloss.recipe.spec.knowledge import OE


def object_entailment(
    probed: Probed,
    *,
    corpus: str | None = None,
    leave_out: str | None = None,
    heads: bool = True,
    centred: bool = False,
    layer: int | None = None,
    limit: int = LIMIT,
    candidates: int = CANDIDATES,
) -> tuple[str, list[Finding]]:
    """Accuracy@1 and MRR of facts among freshly encoded descriptions, other true objects left out.

    Views are ``seen`` facts, ``unseen-fact``, which were kept apart but whose entities were not, and ``unseen-entity``,
    of which an entity was.

    Args:
        probed: The model.
        corpus: Folder of knowledge, or small-world; None: that of the run.
        leave_out: File of entities and facts that were kept apart; None: what the run kept apart. Without either the
            only view is ``all``.
        heads: Whether projection heads are used, where the model has some.
        centred: Whether each side's mean is subtracted before vectors are compared.
        layer: The layer, from 1; None: that of the run, or the last.
        limit: Facts of a view, at most; each is asked in every language that describes its subject.
        candidates: Descriptions of a language, at most; those of the right objects always are among them.

    Returns:
        Name of the corpus, and what was found.

    Raises:
        IsoglossError: As `open_comparison`; there is no fact between entities that are described.
    """
    found = open_comparison(
        probed,
        OE,
        corpus=corpus,
        leave_out=leave_out,
        heads=heads,
        centred=centred,
        layer=layer,
        limit=limit,
        candidates=candidates,
    )
    questions = fact_questions(
        found.knowledge, found.form, found.languages, found.entities, found.apart, most=limit, seed=probed.seed
    )
    if not questions:
        raise IsoglossError(
            f"corpus: {found.data} has no fact between entities with a description, whose relation has a name"
        )
    return found.data, found.answer(questions, "object entailment")
