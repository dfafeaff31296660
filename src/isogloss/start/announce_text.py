"""What a user should know of text without labels, and of the model that learns from it, before the first step."""

from __future__ import annotations

import math
from collections.abc import Mapping

from isogloss.data.texts import Texts
from isogloss.models.open import Loaded
from isogloss.recipe.spec.pretraining import Pretraining
from isogloss.recipe.spec.text import TLM
from isogloss.start.knowledge import Known
from isogloss.store.encoded import EncodedText

LOOKED_AT = 10**7
"""Sub-words of a language that are looked at for unknown ones; more would take memory."""

UNKNOWN = 0.02
"""Share of unknown sub-words of a language from which on a warning is given."""


def text_notes(
    recipe: Pretraining,
    texts: Texts,
    encoded: Mapping[str, EncodedText],
    known: Known | None,
    loaded: Loaded,
) -> list[str]:
    """What a user should know before the first step."""
    parameters = sum(parameter.numel() for parameter in loaded.model.parameters())
    sizes = ", ".join(f"{language} {len(text.ids):,}" for language, text in encoded.items())
    lines = [f"{parameters:,} parameters, vocabulary {len(loaded.tokenizer):,}; sub-words of text: {sizes}"]
    lacking = [name for name in loaded.fresh if not name.startswith("extensions.")]
    if isinstance(recipe.model, str) and lacking and not recipe.random_weights and recipe.adapters is None:
        lines.append(
            f"model {recipe.model!r} has no masked-LM head, or not all of one: {len(lacking)} parameters fresh"
        )
    if known is not None:
        counted = ", ".join(f"{number:,} {what}" for what, number in known.knowledge.counts.items() if number)
        lines.append(f"knowledge: {counted}")
    if recipe.text:
        lines.append(
            f"{len(texts.units):,} parallel sentences; {texts.left_out:,} sentences left out as excluded; held out: "
            f"{sum(map(len, texts.held_out.values())):,}"
        )
    unknown = loaded.tokenizer.unk_token_id
    for language, text in encoded.items():
        share = float((text.ids[:LOOKED_AT] == unknown).mean()) if len(text.ids) else math.nan
        if share > UNKNOWN:
            lines.append(f"warning: {share:.1%} of the sub-words of {language} are unknown to the tokenizer")
    joined = {language for unit in texts.units for language in unit}
    alone = sorted(set(encoded) - joined)
    translated = any(isinstance(source, TLM) for source in recipe.sources)
    if translated and alone:
        lines.append(f"no parallel text: {', '.join(alone)}, which TLM will not see")
    if texts.units and not translated:
        lines.append("sources have no tlm: translations are not used as such")
    return lines
