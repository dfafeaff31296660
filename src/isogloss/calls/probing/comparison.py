"""What entity retrieval and object entailment share: knowledge, how it becomes sub-words, what makes vectors."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from isogloss.calls.probing.probed import Probed
from isogloss.common.errors import IsoglossError
from isogloss.common.progress import progress
from isogloss.data.apart import Apart, read_listed
from isogloss.data.knowledge import Knowledge
from isogloss.diagnostics.knowledge.comparing import Encoder, compare
from isogloss.diagnostics.knowledge.finding import Finding
from isogloss.diagnostics.knowledge.questions import Form, Question, candidates_of, described
from isogloss.models.open import Loaded
from isogloss.models.sentence_states import layer_of
from isogloss.recipe.build.knowledge import build_apart
from isogloss.recipe.build.text import build_frame
from isogloss.recipe.spec.knowledge import MEP, OE

LIMIT, CANDIDATES = 1000, 32768
"""Items of a language and view; candidates of a language (XLM-K's list has 32k)."""


@dataclass(frozen=True)
class Comparison:
    """Questions and candidates, and what compares them.

    Attributes:
        data: Name of the corpus.
        knowledge: The corpus.
        languages: Languages with descriptions.
        entities: What is described in one of them.
        apart: What was kept apart from training; None: that is not known.
        loaded: The encoder and its tokenizer.
        encoder: Makes vectors.
        form: How texts become sub-words.
        most: Candidates of a language.
        seed: Decides which.
    """

    data: str
    knowledge: Knowledge
    languages: tuple[str, ...]
    entities: frozenset[str]
    apart: Apart | None
    loaded: Loaded
    encoder: Encoder
    form: Form
    most: int
    seed: int

    def answer(self, questions: Mapping[str, Sequence[Question]], title: str, suffix: str = "") -> list[Finding]:
        """Accuracy@1 and MRR in every pair of languages, of each view.

        Args:
            questions: Questions by language.
            title: What is done, for people.
            suffix: What is added to the names of the metrics.
        """
        answers = frozenset(question.entity for own in questions.values() for question in own)
        candidates = candidates_of(self.knowledge, self.form, self.languages, answers, self.most, self.seed)
        total = sum(map(len, questions.values())) + sum(len(own.texts) for own in candidates.values())
        heads = "" if self.encoder.heads is not None else "_without_heads"
        suffix += heads + ("_centred" if self.encoder.centred else "")
        with progress(total, title) as done:
            return compare(questions, candidates, self.encoder, done, suffix=suffix)


def open_comparison(
    probed: Probed,
    kind: type[MEP] | type[OE],
    *,
    corpus: str | None,
    leave_out: str | None,
    heads: bool,
    centred: bool,
    layer: int | None,
    limit: int,
    candidates: int,
) -> Comparison:
    """Read and open what is needed.

    Args:
        probed: The model.
        kind: The source of a run that has lengths of texts to go by.
        corpus: Folder of knowledge, or small-world; None: that of the run.
        leave_out: File of entities and facts that were kept apart; None: what the run kept apart, if it is one.
        heads: Whether projection heads are used, where there are some.
        centred: Whether each side's mean is subtracted.
        layer: The layer, from 1; None: that of the run, or the last.
        limit: Items of a language and view.
        candidates: Candidates of a language.

    Raises:
        IsoglossError: A number is too small, or there is no such model, corpus, list, language or layer.
    """
    for name, number, least in (("limit", limit, 1), ("candidates", candidates, 2)):
        if number < least:
            raise IsoglossError(f"{name}: at least {least}, found {number}")
    data, knowledge = probed.knowledge(corpus)
    recipe, apart = probed.recipe, None
    if leave_out is not None:
        apart = Apart(listed=read_listed(Path(leave_out), "leave_out"))
    elif recipe is not None and recipe.knowledge is not None:
        apart = build_apart(recipe.knowledge)
    languages, entities = described(knowledge, probed.asked(corpus))
    loaded = probed.encoder()
    own = None if recipe is None else recipe.knowledge
    found = probed.heads(loaded) if heads else None
    if heads and found is None:
        print(f"{probed.model} has no projection heads: the encoder's own vectors are compared", file=sys.stderr)
    if layer is None and own is not None:
        layer = own.layer
    learned = [] if recipe is None else [source for source in recipe.contrasting if isinstance(source, kind)]
    lengths = learned[0] if learned else MEP(share=1)
    longest = loaded.tokenizer.model_max_length
    return Comparison(
        data,
        knowledge,
        languages,
        entities,
        apart,
        loaded,
        Encoder(
            loaded.model,
            None if layer is None else layer_of(loaded.model, layer, "layer"),
            int(loaded.tokenizer.pad_token_id),
            probed.batch_size,
            found,
            centred,
        ),
        Form(
            loaded.tokenizer.backend_tokenizer,
            build_frame(loaded.tokenizer),
            min(lengths.length, longest),
            min(lengths.description_length, longest),
        ),
        candidates,
        probed.seed,
    )
