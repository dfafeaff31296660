"""What was seen, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import mean

from isogloss.calls.advising.apart import Apart
from isogloss.calls.advising.rules import DEFAULT, ONE_LANGUAGE, Rule, Seen
from isogloss.calls.advising.texts import Words
from isogloss.calls.advising.walk import Walked

FEW = 20
"""Steps below which what training does to a model is hardly seen."""

HEADS = {"do": "Try", "leave": "Do not bother with", "mind": "Know"}


@dataclass(frozen=True)
class Advice:
    """What was seen of data and model, and what it speaks for.

    Attributes:
        seen: Every quantity that a rule may ask for; None: not measured.
        said: What was seen, a sentence each.
        rules: The rules that hold.
    """

    seen: Mapping[str, Seen]
    said: Sequence[str]
    rules: Sequence[Rule] = field(default_factory=tuple)

    def __str__(self) -> str:
        """All of it for a terminal."""
        return "\n".join(["Seen", *(f"  - {said}" for said in self.said), *self._advice()])

    def _advice(self) -> Iterator[str]:
        others = [rule for rule in self.rules if rule.kind == "do" and rule.name != "averaging"]
        if not others:
            plain = ONE_LANGUAGE if self.seen.get("training_languages") == 1 else DEFAULT
            yield f"\nNothing of this speaks for a method: {plain}."
        for kind, head in HEADS.items():
            own = [rule for rule in self.rules if rule.kind == kind]
            if own:
                yield f"\n{head}"
            for rule in own:
                yield f"  - {rule.advice}"
                for evidence in rule.evidence:
                    yield f"      {evidence.says} (docs/results/{evidence.page}#{evidence.anchor})"


def sentences(
    sizes: Mapping[str, float],
    unseen: Sequence[str],
    words: Mapping[str, Words],
    shift: Mapping[str, float],
    apart: Apart | None,
    walked: Walked,
) -> list[str]:
    """What was seen, a sentence each.

    Args:
        sizes: By training language its share of the training data.
        unseen: Languages that are evaluated and not trained on.
        words: Words by language.
        shift: By language how far its labels lie from those of training.
        apart: How far languages lie apart; None: not measured.
        walked: What was seen on a walk.
    """
    shares = ", ".join(f"{language} {share:.0%}" for language, share in sizes.items())
    found = [f"trained on: {shares}; measured without training data: {', '.join(unseen) or 'no language'}"]
    cut = {language: own.pieces for language, own in words.items() if own.pieces is not None}
    if cut:
        found.append(f"sub-words per word: {_listed(cut, '{:.1f}')}")
    unknown = {language: own.unknown for language, own in words.items() if own.unknown > 0.005}
    found.append(f"words with an unknown part: {_listed(unknown, '{:.0%}') or 'none'}")
    found.append(_shifted(shift))
    found.append(_apart(apart))
    found += _walked(walked, len(sizes))
    return found


def _shifted(shift: Mapping[str, float]) -> str:
    if not shift:
        return "labels: none whose shares could be compared"
    said = f"labels that would have to change to be as those of training: {_listed(shift, '{:.0%}')}"
    return f"{said} (no measured case says what to do about it)"


def _apart(apart: Apart | None) -> str:
    if apart is None:
        return "how far languages lie apart: not measured, it takes --parallel with translations line by line"
    worst = min(apart.retrieval, key=lambda pair: apart.retrieval[pair])
    said = f"{mean(apart.retrieval.values()):.0%} of {apart.sentences} sentences find their translation"
    return (
        f"layer {apart.layer}: {said}, in {worst[0]} and {worst[1]} {apart.retrieval[worst]:.0%}; CKA "
        f"{mean(apart.cka.values()):.2f} on the mean (no measured case says what to do about it)"
    )


def _walked(walked: Walked, languages: int) -> Iterator[str]:
    few = "" if walked.steps >= FEW else "; so few steps say little: a larger --budget takes more"
    yield f"walked {walked.steps} steps of plain multi-task training, {walked.seconds:.0f} s in all{few}"
    if languages < 2:
        yield "conflicts of gradients: one training language has none"
    elif not walked.cosines:
        yield "conflicts of gradients: not measured, there are too few examples"
    else:
        pairs, average = walked.conflicting, mean(cosine for cosine, _ in walked.cosines.values())
        named = f": {', '.join('-'.join(pair) for pair in pairs)}" if pairs else ""
        yield (
            f"gradients of {len(pairs)} of {len(walked.cosines)} pairs of languages point apart beyond noise{named}; "
            f"cosine {average:.2f} on the mean, of {walked.batches} batches a language, not corrected for noise"
        )
    if walked.growth is not None:
        yield f"trace of the Fisher matrix: {walked.growth:.2g} times that of the start (no rule rests on it)"
    if walked.rises:
        rises = _listed(walked.rises, "{:+.2f}")
        yield f"masked-LM loss has risen, in nats: {rises} (whatever it is, pulls to the start did not help)"
    else:
        yield f"forgetting: not measured, {walked.reason}"


def _listed(values: Mapping[str, float], form: str) -> str:
    return ", ".join(f"{language} {form.format(value)}" for language, value in values.items())
