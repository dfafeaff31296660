"""A short look at data and model, and which methods it speaks for by what we have measured."""

from __future__ import annotations

import io
import math
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isogloss.calls.advising.rules import Seen, rules
from isogloss.calls.required import require_files
from isogloss.common.errors import IsoglossError
from isogloss.common.several import several
from isogloss.recipe.overrides import Typed
from isogloss.recipe.resolve import resolve
from isogloss.recipe.spec.recipe import Recipe
from isogloss.run.folder import RunFolder

if TYPE_CHECKING:
    from isogloss.calls.advising.apart import Apart
    from isogloss.calls.advising.texts import Words
    from isogloss.calls.advising.walk import Walked
    from isogloss.calls.advising.words import Advice
    from isogloss.start.learned import Learned


def advise(
    recipe: Recipe | Mapping[str, Any] | str | Path,
    *,
    model: str | None = None,
    overrides: str | Iterable[str] = (),
    scale: str | None = None,
    parallel: str | None = None,
    budget: float = 90.0,
) -> Advice:
    """Look at the recipe's data and model, walk some steps, and say which methods our measurements speak for.

    Whatever method the recipe has, plain multi-task training is walked, on the first examples of each file. Nothing is
    written but to a temporary folder and the cache. Labels of test data are not looked at.

    Args:
        recipe: As `isogloss.train` takes it.
        model: A model in the place of the recipe's.
        overrides: Keys to change, ``"a.b=c"`` each.
        scale: One of the recipe's scales.
        parallel: Path with ``{language}`` of texts that are translations of each other line by line; None: how far
            languages lie apart is not measured.
        budget: Seconds to walk and look, about; reading comes on top.

    Raises:
        IsoglossError: Anything in recipe, data or model that stands in the way of training.
    """
    if not 0 < budget < math.inf:
        raise IsoglossError(f"budget: seconds above 0, found {budget:g}")
    changes = [*several(overrides), *([] if model is None else [Typed(f"model={model}", f"--model {model}")])]
    asked = resolve(recipe, overrides=changes, scale=scale)
    require_files(asked)
    # Here, since torch takes seconds, which whoever has mistyped a name need not wait.
    from isogloss.calls.advising.apart import languages_apart
    from isogloss.calls.advising.probe_recipe import masked_of, plain, sources_of, training_of
    from isogloss.calls.advising.texts import label_shift, texts_by_language, words_of
    from isogloss.calls.advising.walk import DRAWS, MOST_BATCHES, STEPS, walk
    from isogloss.calls.advising.words import Advice, sentences
    from isogloss.start.learned import read_learned

    probed = plain(asked, STEPS)
    with tempfile.TemporaryDirectory(prefix="isogloss-advise-") as folder, _quiet():
        learned = read_learned(probed, RunFolder(Path(folder) / "run"), ())
        training = training_of(probed, learned, Path(folder) / "run")
        texts, loaded = texts_by_language(learned.corpus), learned.loaded
        words = {code: own for code in texts if (own := words_of(texts[code], loaded.tokenizer)) is not None}
        apart = None
        if parallel is not None:
            apart = languages_apart(parallel, texts, loaded.model, loaded.tokenizer, probed.max_length)
        sources, enough = sources_of(learned, learned.named.batch_size, DRAWS * MOST_BATCHES)
        masked = masked_of(learned, texts, probed.max_length)
        start = asked.model if isinstance(asked.model, str) and not asked.random_weights else None
        walked = walk(training, sources, enough, masked, start, budget)
    # Where the recipe itself reads no more of each language, that is what it trains on.
    cut_at = probed.limit if probed.limit != asked.limit else None
    sizes, unseen = _sizes(learned, cut_at), _unseen(learned)
    shift = label_shift(learned.corpus)
    seen = quantities(asked, learned, sizes, unseen, words, shift, apart, walked)
    held = [rule for rule in rules() if rule.holds(seen)]
    return Advice(seen, sentences(sizes, unseen, words, shift, apart, walked), held)


def quantities(
    asked: Recipe,
    learned: Learned,
    sizes: Mapping[str, float],
    unseen: Sequence[str],
    words: Mapping[str, Words],
    shift: Mapping[str, float],
    apart: Apart | None,
    walked: Walked,
) -> dict[str, Seen]:
    """Everything that a rule can ask for; None where it was not measured."""
    pairs, made = len(walked.cosines), [entry.translations for entry in asked.data]
    by_words = asked.spacing == "words"
    return {
        "task": asked.data[0].task,
        "training_languages": len(sizes),
        "unseen_languages": len(unseen),
        "largest_share": max(sizes.values()),
        "conflicting_pairs": len(walked.conflicting) / pairs if pairs else None,
        "forgetting": max(walked.rises.values()) if walked.rises else None,
        "fisher_growth": walked.growth,
        "retrieval": min(apart.retrieval.values()) if apart is not None else None,
        "label_shift": max(shift.values()) if shift else None,
        "unknown_words": max(own.unknown for own in words.values()) if words else None,
        "split_without_spaces": sum(not own.spaced for own in words.values()) if by_words else 0,
        "language_adapters": asked.adapters is not None and bool(asked.adapters.language),
        "translations_of_training": asked.translate_train or any(own.train is not None for own in made),
        "translations_of_test": any(own.test is not None for own in made),
    }


@contextmanager
def _quiet() -> Iterator[None]:
    """What a run announces and warns of is not said: the advice says what matters of it."""
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _sizes(learned: Learned, cut_at: int | None) -> dict[str, float]:
    """By training language its share of the training data: of the examples, or of the bytes of files that were cut."""
    train = learned.corpus.train
    numbers = {language: float(len(own)) for language, own in train.items()}
    if cut_at is not None and max(numbers.values()) >= cut_at:
        files = {language: {example.path for example in own} - {""} for language, own in train.items()}
        if all(files.values()):
            numbers = {code: float(sum(Path(path).stat().st_size for path in own)) for code, own in files.items()}
    total = sum(numbers.values())
    return {language: number / total for language, number in numbers.items()}


def _unseen(learned: Learned) -> list[str]:
    return sorted(set(learned.corpus.evaluated) - set(learned.corpus.train))
