"""From the probes of a recipe to objects: those who look at a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from isogloss.common.distributed import device
from isogloss.common.errors import IsoglossError
from isogloss.data.problems import Problems
from isogloss.data.texts import Texts, read_texts
from isogloss.diagnostics.fisher import require_one_item
from isogloss.diagnostics.probes import ConflictsProbe, Every, FlatnessProbe, ObservedConflicts
from isogloss.diagnostics.probes_of_text import ForgettingProbe, RepresentationsProbe
from isogloss.diagnostics.traces import FisherProbe
from isogloss.gradients import Observed
from isogloss.models.parts import groups_of_layers, whole_and_parts
from isogloss.objectives.supervised import Supervised
from isogloss.protocols import Batch, DataSource, Feature, Probe, Stream
from isogloss.recipe.build.data import build_text_set
from isogloss.recipe.build.site import Site
from isogloss.recipe.build.text import build_masking, framed
from isogloss.recipe.build.unfreezing import build_fisher
from isogloss.recipe.spec import probes as spec
from isogloss.streams.bucketed import WINDOW, BucketedStream, Examples
from isogloss.streams.masked import masked_batches

Collate = Callable[[Sequence[Feature]], Batch]


@dataclass(frozen=True)
class Seen:
    """What probes may look at beside the site.

    Attributes:
        features: Training features by source.
        collate: Makes a padded batch from features.
        batch_size: Examples of a batch that is looked at, where the probe does not say.
        tokenizer: The model's fast tokenizer.
        max_length: Sub-words per sentence of text.
        evaluation_batch_size: Sentences of text per forward pass.
        observed: The weighting, if the run has one: its gradients can be looked at for nothing.
        start: Opens the checkpoint that the run starts from, with its masked-LM head.
    """

    features: Mapping[str, Sequence[Feature]]
    collate: Collate
    batch_size: int
    tokenizer: PreTrainedTokenizerBase
    max_length: int
    evaluation_batch_size: int
    observed: Observed | None
    start: Callable[[], PreTrainedModel]


def build_probes(
    asked: Sequence[spec.Probe], seen: Seen, site: Site, problems: Problems
) -> tuple[dict[str, Probe], dict[str, str]]:
    """The answer to: what happened?

    Args:
        asked: The probes.
        seen: What they look at.
        site: The run.
        problems: Takes what is wrong with files of text.

    Returns:
        The probes by name, and the SHA-256 of the files that they read.

    Raises:
        IsoglossError: Text that cannot be read or is not parallel where it must be, or a model without what a probe
            needs.
    """
    probes: dict[str, Probe] = {}
    files: dict[str, str] = {}
    read = read_probe_texts(asked, problems)
    checkpoints = Every(site.budget.save_steps, site.budget.steps)
    layers: Any = groups_of_layers  # a run's model is one of transformers
    for place, own in enumerate(asked):
        every = Every(own.every or site.budget.save_steps, site.budget.steps)
        files |= read[place].files if place in read else {}
        match own:
            case spec.Conflicts():
                sources, numbers = _fixed(own, seen, site, even=True)
                groups: Any = partial(whole_and_parts, per_layer=own.per_layer)
                if seen.observed is not None:
                    probes["observed_conflicts"], every = ObservedConflicts(seen.observed.last, every), checkpoints
                probes[own.kind] = ConflictsProbe(
                    groups, sources, numbers, every, checkpoints, site.autocast, site.ranks
                )
            case spec.Flatness():
                sources, numbers = _fixed(own, seen, site, even=False)
                probes[own.kind] = FlatnessProbe(
                    sources, numbers, own.radii, own.draws, every, site.autocast, site.ranks
                )
            case spec.Fisher():
                stream, number = _mixed(own, seen, site)
                # Labels are drawn alike in all runs, as the batches are: so runs differ in their models alone.
                fisher = build_fisher(own, 0, site.autocast, site.ranks)
                if fisher.exact:
                    require_one_item(stream(0))
                probes[own.kind] = FisherProbe(fisher, layers, stream, number, every)
            case spec.Forgetting():
                start = seen.start()
                torch.nn.Module.to(start, device())
                batches = _masked(read[place], own.masking, seen)
                probes[own.kind] = ForgettingProbe(start, batches, every, site.autocast, site.ranks)
            case spec.Representations():
                parallel = parallel_texts(read[place], f"probes.{place}.text")
                probes[own.kind] = RepresentationsProbe(
                    seen.tokenizer, parallel, seen.max_length, seen.evaluation_batch_size, every, site.ranks
                )
    return probes, files


def _fixed(
    asked: spec.Conflicts | spec.Flatness, seen: Seen, site: Site, *, even: bool
) -> tuple[dict[str, DataSource], dict[str, int]]:
    batch_size, at_once = asked.batch_size or seen.batch_size, _at_once(site)
    return fixed_sources(seen.features, seen.collate, batch_size, asked.batches, at_once=at_once, even=even)


def _mixed(asked: spec.Fisher, seen: Seen, site: Site) -> tuple[Stream, int]:
    batch_size, groups = asked.batch_size or seen.batch_size, list(seen.features.values())
    return fixed_stream("mixed", groups, seen.collate, batch_size, asked.batches, at_once=_at_once(site))


def _at_once(site: Site) -> int:
    """Examples in a pass: a run must not meet its end in a probe whose passes are larger than its own."""
    return math.ceil(site.budget.batch_size / (site.budget.accumulation * site.ranks.world_size))


def _masked(texts: Texts, share: float, seen: Seen) -> dict[str, list[Batch]]:
    masking = build_masking(seen.tokenizer, share)
    return {
        language: masked_batches(
            framed(sentences, seen.tokenizer, seen.max_length), language, masking, seen.evaluation_batch_size
        )
        for language, sentences in texts.sentences.items()
    }


def fixed_sources(
    features: Mapping[str, Sequence[Feature]],
    collate: Collate,
    batch_size: int,
    wanted: int,
    *,
    at_once: int,
    even: bool,
) -> tuple[dict[str, DataSource], dict[str, int]]:
    """One source per language, see `fixed_stream`, and how many batches to take.

    Args:
        features: Training features by language.
        collate: Makes a padded batch from features.
        batch_size: Examples of a batch.
        wanted: Batches to take, if there are so many.
        at_once: Examples that may go through the model at once.
        even: Whether the number must be even (or 1), so that there are halves.
    """
    sources, numbers = {}, {}
    for language, own in features.items():
        stream, found = fixed_stream(language, [own], collate, batch_size, wanted, at_once=at_once)
        sources[language] = DataSource(language, stream, Supervised())
        numbers[language] = found - found % 2 if even and found > 1 else found
    return sources, numbers


def fixed_stream(
    name: str,
    groups: Sequence[Sequence[Feature]],
    collate: Collate,
    batch_size: int,
    wanted: int,
    *,
    at_once: int,
) -> tuple[Stream, int]:
    """Batches the first of which are the same for all runs on the same data, and how many to take.

    No example comes twice in them. Less than two batches of examples make smaller ones.

    Args:
        name: Name of the order.
        groups: Training features of the languages.
        collate: Makes a padded batch from features.
        batch_size: Examples of a batch.
        wanted: Batches to take, if there are so many.
        at_once: Examples that may go through the model at once.
    """
    sizes = [len(own) for own in groups]
    size = max(1, min(batch_size, sum(sizes) // 2))
    stream = BucketedStream(
        groups,
        Examples(sizes, seed=0, name=name),
        batch_size=size,
        collate=collate,
        accumulation=math.ceil(size / at_once),
    )
    whole = sum(sizes) // size
    # Batches of a window are shuffled, so only windows within the first epoch are free of repetition.
    return stream, min(wanted, whole // min(whole, WINDOW) * min(whole, WINDOW))


def read_probe_texts(probes: Sequence[spec.Probe], problems: Problems) -> dict[int, Texts]:
    """The text that probes look at, by the probe's place in the recipe.

    Args:
        probes: The probes.
        problems: Takes what is wrong with files of text.

    Raises:
        IsoglossError: Text that cannot be read or is not parallel where it must be.
    """
    found = {}
    for number, asked in enumerate(probes):
        if isinstance(asked, spec.Forgetting | spec.Representations):
            where = f"probes.{number}.text"
            sets = [build_text_set(entry, f"{where}.{place}") for place, entry in enumerate(asked.text)]
            found[number] = read_texts(
                sets, languages=None, excluded=frozenset(), held_out=0, limit=asked.limit, problems=problems
            )
            if isinstance(asked, spec.Representations):
                parallel_texts(found[number], where)
    return found


def parallel_texts(texts: Texts, where: str) -> dict[str, list[str]]:
    """The sentences that all languages have, in the same order.

    Raises:
        IsoglossError: There are fewer than two languages, or than two such sentences.
    """
    languages = list(texts.sentences)
    common = [unit for unit in texts.units if len(unit) == len(languages)]
    if len(languages) < 2 or len(common) < 2:
        raise IsoglossError(
            f"{where}: needs parallel text (with `parallel`) of at least two languages and two sentences that all of "
            f"them have; found {len(common)} such sentences in {', '.join(languages)}"
        )
    return {language: [texts.sentences[language][unit[language]] for unit in common] for language in languages}
