"""From a recipe to what makes another form of a text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from isogloss.common.errors import IsoglossError, nearest
from isogloss.data.dictionaries import read_dictionary
from isogloss.data.problems import Problems
from isogloss.recipe.spec import augmentation as spec
from isogloss.streams.augmentation import Augmentation, CodeSwitching, SubwordSampling, unchanged


def build_augmentation(
    asked: spec.Augment, tokenizer: PreTrainedTokenizerBase, max_length: int, languages: Mapping[str, str]
) -> Augmentation | None:
    """What makes another form of a text; None where it is read from data.

    Args:
        asked: The part of the recipe.
        tokenizer: The model's tokenizer.
        max_length: Longest input, in sub-words.
        languages: The language of each source of training data.

    Raises:
        IsoglossError: The tokenizer is of another kind, or a dictionary cannot be read or is of no training language.
    """
    match asked:
        case spec.SubwordSampling(alpha=alpha, ratio=ratio):
            return SubwordSampling(tokenizer, alpha=alpha, ratio=ratio, max_length=max_length)
        case spec.CodeSwitching(ratio=ratio):
            found = _dictionaries(asked, languages)
            return CodeSwitching(tokenizer, dictionaries=found, ratio=ratio, max_length=max_length)
        case spec.EmbeddingNoise():
            return unchanged
        case spec.ParallelText():
            return None


def noise_of(asked: spec.Augment) -> float:
    """The size of noise inside the model; 0: none."""
    return asked.size if isinstance(asked, spec.EmbeddingNoise) else 0.0


def dictionary_files(asked: spec.CodeSwitching) -> dict[str, tuple[Path, ...]]:
    """The files of dictionaries by language."""
    return {
        language: tuple(map(Path, (own,) if isinstance(own, str) else own))
        for language, own in asked.dictionaries.items()
    }


def _dictionaries(
    asked: spec.CodeSwitching, languages: Mapping[str, str]
) -> dict[str, list[dict[str, tuple[str, ...]]]]:
    files, problems = dictionary_files(asked), Problems()
    for language in files:
        if language not in languages.values():
            raise IsoglossError(
                f"objective.augment.dictionaries: {language!r} is no language that is trained on"
                f"{nearest(language, list(languages.values()))}"
            )
    by_language = {language: [read_dictionary(path, problems) for path in own] for language, own in files.items()}
    problems.raise_errors()
    return {source: by_language[language] for source, language in languages.items() if language in by_language}
