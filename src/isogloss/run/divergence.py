"""Signs that a run has learned nothing, or has unlearned what it knew: they are said, and stop nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import mean
from typing import Any

ADVICE = "a lower learning_rate, more warmup_steps or more steps may help"


ALIKE = 0.95
"""Mean cosine of descriptions from which on they are taken for one vector (ours)."""


def risen_loss(history: Iterable[Mapping[str, Any]]) -> list[str]:
    """A warning if the training loss ends above its beginning.

    Compared are the means of the first and the last tenth of all logged losses, at least one each; where terms are
    logged, these means of each term, added up, since not every step need have every term.

    Args:
        history: The log history of a run, as ``trainer_state.json`` has it.

    Example:
        >>> risen_loss([{"loss": 1.5}, {"loss": 2.5}])
        ['warning: the training loss rose from 1.500 to 2.500: a lower learning_rate, more warmup_steps or more steps \
may help']
        >>> risen_loss([{"loss": 1.5}, {"eval_accuracy": 0.5}, {"loss": 1.0}])
        []
    """
    entries = list(history)
    terms = sorted({name for entry in entries for name in entry if name.startswith("term/")}) or ["loss"]
    logged = [[float(entry[term]) for entry in entries if term in entry] for term in terms]
    ends = [
        (mean(losses[:tenth]), mean(losses[-tenth:]))
        for losses in logged
        if (tenth := max(1, len(losses) // 10)) < len(losses)
    ]
    first, last = sum(begun for begun, _ in ends), sum(ended for _, ended in ends)
    return [f"warning: the training loss rose from {first:.3f} to {last:.3f}: {ADVICE}"] if last > first else []


def collapsed(entry: Mapping[str, Any]) -> list[str]:
    """A warning if the descriptions that texts are compared with have become one vector.

    Args:
        entry: What was logged last of the probe ``collapse``, as ``trainer_state.json`` has it.

    Example:
        >>> collapsed({"collapse/cosine": 0.99, "collapse/accuracy": 0.02, "collapse/chance": 0.02})
        ['warning: the descriptions have collapsed: their mean cosine is 0.990, and 2.0 % of the texts find their own \
in the batch, where chance is 2.0 %: a lower learning_rate, more steps, norm: batch or another temperature may help']
        >>> collapsed({"collapse/cosine": 0.99, "collapse/accuracy": 0.5, "collapse/chance": 0.02})
        []
    """
    if "collapse/cosine" not in entry:
        return []
    cosine, accuracy, chance = (float(entry[f"collapse/{name}"]) for name in ("cosine", "accuracy", "chance"))
    if cosine < ALIKE or accuracy >= 2 * chance:
        return []
    return [
        f"warning: the descriptions have collapsed: their mean cosine is {cosine:.3f}, and {100 * accuracy:.1f} % of "
        f"the texts find their own in the batch, where chance is {100 * chance:.1f} %: a lower learning_rate, more "
        "steps, norm: batch or another temperature may help"
    ]


def constant_answer(name: str, accuracy: float, gold: Sequence[str]) -> list[str]:
    """A warning if an accuracy is not above that of the best constant answer, the most frequent gold label.

    Args:
        name: What was scored.
        accuracy: Share of right labels, in [0, 1].
        gold: The gold labels that were scored: one per example, or per token.

    Example:
        >>> constant_answer("de (xnli, dev)", 0.5, ["neutral", "neutral", "entailment"])
        ["warning: de (xnli, dev): accuracy 50.0 is not above the 66.7 of always answering 'neutral': \
a lower learning_rate, more warmup_steps or more steps may help"]
        >>> constant_answer("de (xnli, dev)", 0.7, ["neutral", "neutral", "entailment"])
        []
    """
    if not gold:
        return []
    label, number = Counter(gold).most_common(1)[0]
    share = number / len(gold)
    # Not above: a model that has collapsed gives the constant answer itself. What is all right cannot be bettered.
    if accuracy > share + 1e-9 or accuracy == 1:
        return []
    return [
        f"warning: {name}: accuracy {100 * accuracy:.1f} is not above the {100 * share:.1f} of always answering "
        f"{label!r}: {ADVICE}"
    ]
