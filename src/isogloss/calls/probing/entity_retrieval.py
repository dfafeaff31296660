"""Entity retrieval: does the vector of a mention find the description of its entity?"""

from __future__ import annotations

from isogloss.calls.probing.comparison import CANDIDATES, LIMIT, open_comparison
from isogloss.calls.probing.probed import Probed
from isogloss.common.errors import IsoglossError, nearest
from isogloss.diagnostics.knowledge.finding import Finding
from isogloss.diagnostics.knowledge.mentions import mention_questions
from isogloss.recipe.spec.knowledge import MEP

SHOWN = ("hidden", "shown")


def entity_retrieval(
    probed: Probed,
    *,
    corpus: str | None = None,
    leave_out: str | None = None,
    mention: str = "hidden",
    heads: bool = True,
    centred: bool = False,
    layer: int | None = None,
    limit: int = LIMIT,
    candidates: int = CANDIDATES,
) -> tuple[str, list[Finding]]:
    """Accuracy@1 and MRR of mentions among freshly encoded descriptions; views ``seen`` and ``unseen`` entities.

    Args:
        probed: The model.
        corpus: Folder of knowledge, or small-world; None: that of the run.
        leave_out: File of entities that were kept apart; None: what the run kept apart. Without either the only view
            is ``all``.
        mention: ``hidden``, by masks as in masked entity prediction, or ``shown``.
        heads: Whether projection heads are used, where the model has some.
        centred: Whether each side's mean is subtracted before vectors are compared.
        layer: The layer, from 1; None: that of the run, or the last.
        limit: Mentions of a language and view, at most.
        candidates: Descriptions of a language, at most; those of the right entities always are among them.

    Returns:
        Name of the corpus, and what was found.

    Raises:
        IsoglossError: As `open_comparison`; there is no mention of an entity that is described.
    """
    if mention not in SHOWN:
        raise IsoglossError(f"mention: {mention!r} is unknown{nearest(mention, SHOWN)}")
    found = open_comparison(
        probed,
        MEP,
        corpus=corpus,
        leave_out=leave_out,
        heads=heads,
        centred=centred,
        layer=layer,
        limit=limit,
        candidates=candidates,
    )
    mask = found.loaded.tokenizer.mask_token_id
    if mention == "hidden" and mask is None:
        raise IsoglossError(f"{probed.model}: its tokenizer has no mask token to hide mentions by; mention: shown")
    recipe = probed.recipe
    asked = [] if recipe is None else [source for source in recipe.contrasting if isinstance(source, MEP)]
    questions = mention_questions(
        found.knowledge,
        found.form,
        found.entities,
        found.apart,
        mask=int(mask) if mention == "hidden" else None,
        per_piece=all(source.mask == "per_piece" for source in asked),
        most=limit,
        seed=probed.seed,
    )
    questions = {language: own for language, own in questions.items() if language in found.languages}
    if not questions:
        raise IsoglossError(f"corpus: {found.data} has no mention of an entity with a description")
    suffix = "_mention_shown" if mention == "shown" else ""
    return found.data, found.answer(questions, "entity retrieval", suffix)
