"""What cloze and decoding share: facts in the files of mLAMA, and how they become sub-words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from isogloss.calls.probing.probed import Probed
from isogloss.common.errors import IsoglossError
from isogloss.data.mlama import GapRelation, mlama_languages, read_mlama
from isogloss.diagnostics.knowledge.filling import Filler
from isogloss.diagnostics.knowledge.gaps import GapForm
from isogloss.diagnostics.knowledge.sample import Sample
from isogloss.models.open import Loaded
from isogloss.recipe.build.text import build_frame


@dataclass(frozen=True)
class Gaps:
    """Facts with gaps, and what fills them.

    Attributes:
        data: Name of the folder.
        relations: Relations by language.
        loaded: The model and its tokenizer.
        form: How sentences become sub-words.
        filler: Says how likely sub-words are.
    """

    data: str
    relations: Mapping[str, list[GapRelation]]
    loaded: Loaded
    form: GapForm
    filler: Filler

    def __len__(self) -> int:
        """Number of facts."""
        return sum(len(relation.gaps) for own in self.relations.values() for relation in own)


def open_gaps(probed: Probed, data: str | None, limit: int | None) -> Gaps:
    """Read the facts and open the model.

    Args:
        probed: The model.
        data: Folder in the format of mLAMA, see `isogloss.data.mlama`.
        limit: Facts of a relation in a language, at most; None: all.

    Raises:
        IsoglossError: No data are named, they have an error, or the model has no masked-LM head.
    """
    if data is None:
        raise IsoglossError("data: needed, a folder in the format of mLAMA")
    if limit is not None and limit < 1:
        raise IsoglossError(f"limit: at least 1, found {limit}")
    folder = Path(data)
    languages = probed.languages or mlama_languages(folder)
    relations = {
        language: [_some(relation, limit, probed.seed) for relation in read_mlama(folder, language)]
        for language in languages
    }
    loaded = probed.masked_lm()
    tokenizer = loaded.tokenizer
    form = GapForm(
        tokenizer.backend_tokenizer,
        build_frame(tokenizer),
        int(tokenizer.mask_token_id),
        min(512, tokenizer.model_max_length),
    )
    filler = Filler(loaded.model, int(tokenizer.pad_token_id), probed.batch_size)
    return Gaps(folder.name, relations, loaded, form, filler)


def _some(relation: GapRelation, limit: int | None, seed: int) -> GapRelation:
    if limit is None or len(relation.gaps) <= limit:
        return relation
    sample: Sample[str, int] = Sample(limit, seed)
    for number, gap in enumerate(relation.gaps):
        # By id: in every language the same facts.
        sample.offer("", f"{relation.relation}:{gap.id}:{gap.object}", number)
    return replace(relation, gaps=tuple(relation.gaps[number] for number in sorted(sample.things()[""])))
