"""The results as tables, written from the JSON files and from nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tabulate import tabulate

from isogloss.common.writing import write_text

QUESTIONS = {
    "step": "Our training step and `transformers.Trainer`'s",
    "slow_weights": "What Sequential Reptile costs over multi-task training",
    "x_mixup": "What X-Mixup costs over training on the same pairs, and xTune over its two forwards",
    "xlm_k": "What a step of XLM-K costs over masked language modelling",
    "memory": "Peak memory",
    "evaluation": "Many languages in one call of `isogloss evaluate`",
    "looks": "The share of a run that is spent looking at dev data",
    "start": "From the start of a process to its first step",
    "table": "A trained table of sub-words",
    "adapters": "Adapters, the whole encoder, and the `adapters` package",
    "unfreezing": "Scheduled unfreezing of adapters",
    "gradients": "Gradient methods, ours and others'",
    "gradients_base": "Gradient methods at the size of XLM-R base",
}

HEAD = """# Benchmarks

Made by `make bench`; do not edit. Every number is a median with its extremes over rounds in which the arms took turns;
every ratio is the median of the ratios within each round. All raw numbers are in the JSON files beside this one.
A bound is what the design promises; where a ratio misses it, that is said.
"""

COLUMNS = {
    "seconds_to_first_step": ("seconds to first step", ".1f"),
    "milliseconds_per_step": ("ms per step", ".1f"),
    "sentences_per_second": ("sentences/s", ".0f"),
    "training_mb": ("training, MB", ".0f"),
    "process_mb": ("whole process, MB", ".0f"),
    "extra_mb": ("above adding up, MB", ".0f"),
}


def write_report(folder: Path) -> Path:
    """Write ``folder/README.md`` from the JSON files of ``folder``."""
    results = [
        json.loads(path.read_text(encoding="utf-8")) for name in QUESTIONS if (path := folder / f"{name}.json").exists()
    ]
    path = folder / "README.md"
    write_text(path, "\n".join([HEAD, *(_section(result) for result in results)]))
    return path


def _section(result: Mapping[str, Any]) -> str:
    machine, workload = result["machine"], result["workload"]
    commit = machine["commit"] or "unknown"
    changed = " and uncommitted changes" if commit.endswith("+") else ""
    lines = [
        f"## {QUESTIONS[result['benchmark']]}",
        "",
        f"{machine['processor']}, {machine['cores']} cores, {machine['threads']} threads; load average at the start "
        f"{machine['load_average_at_start'][0]:.2f}; torch {machine['packages']['torch']}, "
        f"transformers {machine['packages']['transformers']}, Python {machine['python']}; "
        f"commit {commit[:10]}{changed}, {machine['date']}.",
        result["subject"] if "subject" in result else _tagging(workload),
        "",
        *(f"Skipped: {skipped}." for skipped in result["skipped"]),
    ]
    return "\n".join([*lines, *(_part(part) for part in result["parts"])])


def _tagging(workload: Mapping[str, Any]) -> str:
    kind = f"the encoder {workload['encoder']}" if workload.get("encoder") else "an XLM-R"
    return (
        f"Part-of-speech tagging of {', '.join(workload['features'])} (Universal Dependencies): "
        f"{sum(workload['features'].values())} sentences, batches of {workload['batch_size']}, {kind} of "
        f"{workload['layers']} layers x {workload['hidden']} ({workload['parameters'] / 1e6:.1f} M parameters)."
    )


def _part(part: Mapping[str, Any]) -> str:
    arms, ratios = part["arms"], part["ratios"]
    rounds = part["rounds"] if "rounds" in part else len(next(iter(next(iter(arms.values())).values()))["values"])
    return "\n".join(
        [
            f"### {part['part'].capitalize()}, {part['precision']}",
            "",
            f"{rounds} rounds of {part['steps_per_round']} steps.",
            "",
            _arms(arms),
            "",
            tabulate(
                [[ratio["what"], _figure(ratio, ".3f"), _bound(ratio)] for ratio in ratios],
                headers=["ratio", "median (min to max)", "bound"],
                tablefmt="github",
            ),
            "",
        ]
    )


def _arms(arms: Mapping[str, Mapping[str, Any]]) -> str:
    # An arm with an outcome has nothing else.
    first: Mapping[str, Any] = next((arm for arm in arms.values() if "outcome" not in arm), {})
    columns = [key for key in COLUMNS if key in first]
    rows: list[Sequence[str]] = []
    for name, arm in arms.items():
        if "outcome" in arm:
            rows.append([name, arm["outcome"], *("" for _ in columns[1:])])
            continue
        padding = [f"{arm['padding']:.0%}"] if "padding" in first else []
        rows.append([name, *(_figure(arm[key], COLUMNS[key][1]) for key in columns), *padding])
    headers = ["arm", *(COLUMNS[key][0] for key in columns), *(["padding"] if "padding" in first else [])]
    return tabulate(rows, headers=headers, tablefmt="github", disable_numparse=True)


def _figure(figure: Mapping[str, Any], digits: str) -> str:
    return f"{figure['median']:{digits}} ({figure['min']:{digits}} to {figure['max']:{digits}})"


def _bound(ratio: Mapping[str, Any]) -> str:
    if "kept" not in ratio:
        return ""
    bound = f"at least {ratio['at_least']}" if "at_least" in ratio else f"at most {ratio['at_most']}"
    return f"{bound}: {'kept' if ratio['kept'] else '**missed**'}"
