"""The one table of small settings of every method and of every choice that changes how a run walks.

The generic tests (resume, two processes) take every entry, so that a new method is tested by adding it here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.world import XLM_R, entry, merged

STEPS = 10
CRASH = 7
"""A step in mid inner loop after the checkpoint of step 4, also in mid inner loop, with an evaluation in between."""

BASE: dict[str, Any] = {
    "model": {
        "config": {
            "model_type": "modernbert",
            "hidden_size": 16,
            "intermediate_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
        },
        "vocabulary_size": 80,
    },
    "dropout": 0.0,
    "max_length": 32,
    "steps": STEPS,
    "batch_size": 5,
    "learning_rate": 0.03,
    "evaluation_steps": 3,
    "save_steps": 4,
    "logging_steps": 2,
}

XLM_R_MODEL = {"config": XLM_R, "vocabulary_size": 80}

LAYERED = {"config": {**XLM_R, "num_hidden_layers": 3}, "vocabulary_size": 80}
"""A model with layers to open: with an event at step 4, where a checkpoint is, and others before and after it."""

SLOW = {"optimizer": {"lookahead": {"inner_steps": 3, "outer_learning_rate": 0.5}}}
SEQUENTIAL = {"method": "sequential_reptile", **SLOW}

LINEAR = {"kind": "linear", "steps": 8}
RECALL: dict[str, Any] = {
    "model": "{world}/encoder",
    "optimizer": {"kind": "recadam", "pull": 30.0, "annealing": {"kind": "sigmoid", "middle": 6}},
}

PARTED = {**SEQUENTIAL, "train_languages": ["en"], "model": "{world}/encoder"}

METHOD_SETTINGS: dict[str, dict[str, Any]] = {
    "single": {"method": "single", "train_languages": ["fr"], "evaluation_sample": 2},
    "multitask": {"method": "multitask"},
    "multitask_summed": {"method": "multitask_summed"},
    "pcgrad": {"method": "pcgrad"},
    "gradvac": {"method": "gradvac", "weighting": {"beta": 0.3}},
    "gradnorm": {"method": "gradnorm", "weighting": {"initial_batches": 2}},
    "cagrad": {"method": "cagrad"},
    "imtl_g": {"method": "imtl_g"},
    "aligned_mtl": {"method": "aligned_mtl"},
    "mgda": {"method": "mgda"},
    "temperature_sampling": {"method": "temperature_sampling"},
    "reptile": {"method": "reptile", **SLOW},
    "sequential_reptile": SEQUENTIAL,
    "lookahead": {"method": "lookahead", **SLOW},
    "fish": {"method": "fish", "optimizer": {"lookahead": {"outer_learning_rate": 0.5}}},
    "recadam": {"method": "recadam", **RECALL},
    "l2_sp": {"method": "l2_sp", "model": "{world}/encoder"},
    "checkpoint_averaging": {"method": "checkpoint_averaging", "average_from": 0.2},
    "x_mixup": {"method": "x_mixup", "model": XLM_R_MODEL, "objective": {"halving": 0.4}},
    "adapters": {"method": "adapters", "model": LAYERED},
    "lora": {"method": "lora", "model": LAYERED},
    "gradual_unfreezing": {"method": "gradual_unfreezing", "model": LAYERED, "unfreezing": {"every": 2}},
    "fun": {"method": "fun", "model": LAYERED, "unfreezing": {"every": 3, "batches": 2}},
    "lpft": {"method": "lpft", "model": LAYERED, "unfreezing": {"every": 4}},
    "random_unfreezing": {
        "method": "random_unfreezing",
        "model": LAYERED,
        "unfreezing": {"every": 2, "top_first": False},
    },
    "reverse_unfreezing": {
        "method": "reverse_unfreezing",
        "model": LAYERED,
        "unfreezing": {"every": 3, "top_first": False},
    },
    "ulmfit": {"method": "ulmfit", "model": LAYERED, "batch_size": 20},
    "translate_train_all": {
        "method": "translate_train_all",
        "train_languages": ["en"],
        "data": [
            {
                **entry("pairs", Path("{world}/pairs")),
                "translations": {
                    "train": {"path": "{world}/translated/{language}.tsv"},
                    "back": None,
                },
            }
        ],
    },
    "consistency": {"method": "consistency", "model": LAYERED},
    "mean_of_logits": {"method": "mean_of_logits", "model": LAYERED},
    "manifold_mixup": {"method": "manifold_mixup", "model": LAYERED},
    "x_tune": {"method": "x_tune", "model": "{world}/unigram"},
    "filter": {"method": "filter", "model": LAYERED},
}
"""Every preset, under its name."""

VARIANTS: dict[str, dict[str, Any]] = {
    "reset_momentum": merged(SEQUENTIAL, {"optimizer": {"lookahead": {"reset": "momentum"}}}),
    "reset_all": merged(SEQUENTIAL, {"optimizer": {"lookahead": {"reset": "all"}}}),
    "head_of_its_own": {
        **merged(SEQUENTIAL, {"optimizer": {"lookahead": {"head_outer_learning_rate": 1.0}}}),
        "model": "{world}/encoder",
    },
    "recall_with_slow_weights": {
        **merged(SEQUENTIAL, {"optimizer": {**RECALL["optimizer"], "annealing": LINEAR}}),
        "model": "{world}/encoder",
    },
    "parted_by_likeness": {**PARTED, "partition": {"kind": "kmeans", "parts": 3}},
    "parted_at_random": {**PARTED, "partition": {"kind": "random", "parts": 3}},
    "averaged_workers": merged(SEQUENTIAL, {"optimizer": {"lookahead": {"workers": "averaged"}}}),
    "reptile_averaged_from_slow": {"method": "reptile", **SLOW, "selection": "average", "average_from": 0.2},
    "selection_last": {"selection": "last"},
    "selection_target_dev": {"selection": "target-dev"},
    "accumulation": {"gradient_accumulation_steps": 2, "objective": {"class_weights": "balanced"}},
    "frozen_embeddings": {"unfreezing": {"kind": "all_but_embeddings"}},
    "fun_of_slow_weights": merged(
        SEQUENTIAL,
        {
            "model": LAYERED,
            "unfreezing": {"kind": "fun", "every": 2, "batches": 2, "labels": "argmax", "timeline": "released_fun"},
        },
    ),
    "unfreezing_of_averaged_workers": {
        **merged(SEQUENTIAL, {"optimizer": {"lookahead": {"workers": "averaged"}}}),
        "model": LAYERED,
        "unfreezing": {"kind": "fun", "every": 2, "batches": 2, "estimator": "per_example", "norm": "per_parameter"},
    },
    "unfreezing_under_pcgrad": {
        "method": "pcgrad",
        "model": LAYERED,
        "unfreezing": {"kind": "gradual", "every": 2, "order": [2, 1, 3], "top_first": False, "embeddings": True},
    },
    "choice": {},
    "averaged_tokens": {"aggregation": "average", "stride": 9},
    "words_apart": {"spacing": "words"},
    "dropout": {"model": XLM_R_MODEL, "dropout": 0.1},
    "bf16": {"precision": "bf16"},
    "flat_mix": {"sampling": {"kind": "mixed", "temperature": 5.0}},
    "round_robin": {"sampling": {"kind": "round_robin"}},
    "blocks": {"sampling": {"kind": "blocks", "length": 2}},
    "pcgrad_by_layer": {"method": "pcgrad", "weighting": {"granularity": "layers"}},
    "gradvac_whole": {"method": "gradvac", "weighting": {"granularity": "model", "beta": 0.3}},
    "aligned_mtl_median": {"method": "aligned_mtl", "weighting": {"scale": "median"}},
    "gradients_bf16": {"method": "pcgrad", "gradients": {"precision": "bf16", "device": "cpu"}},
    "gradients_accumulated": {
        "method": "gradvac",
        "model": XLM_R_MODEL,
        "weighting": {"beta": 0.3},
        "gradient_accumulation_steps": 2,
    },
    "weighted_frozen_embeddings": {"method": "gradvac", "unfreezing": {"kind": "all_but_embeddings"}},
    "weighted_averaged_workers": {
        "method": "gradvac",
        **merged(SLOW, {"optimizer": {"lookahead": {"workers": "averaged"}}}),
    },
    "epochs": {"steps": None, "epochs": 1.0},
    "linear": {"model": XLM_R_MODEL, "schedule": "linear", "max_grad_norm": None, "layer_decay": 0.7},
    # Absolute positions tell equal sub-words apart: with rotary ones this small, spans would be equal up to rounding.
    "questions": merged(SEQUENTIAL, {"model": XLM_R_MODEL, "doc_stride": 7, "gradient_accumulation_steps": 2}),
}
"""What else changes a step, its data or what a run remembers."""

MIXED_PAIRS: dict[str, Any] = {"method": "x_mixup", "objective": {"halving": 0.4}}

VARIANTS |= {
    "x_mixup_released": merged(MIXED_PAIRS, {"model": LAYERED, "objective": {"layer": 2, "compat": "released"}}),
    "x_mixup_without_mixing": merged(MIXED_PAIRS, {"objective": {"mix": False, "detach_source": True}}),
    "x_mixup_of_slow_weights": {**merged(MIXED_PAIRS, SLOW), "dropout": 0.1, "sampling": {"kind": "temperature"}},
    "x_mixup_of_answers": {
        "method": "x_mixup",
        "model": XLM_R_MODEL,
        "doc_stride": 7,
        "gradient_accumulation_steps": 2,
    },
}

TEXT = {"format": "lines", "path": "{world}/parallel/{language}.txt", "parallel": "lines"}

PROBES: list[dict[str, Any]] = [
    {"kind": "conflicts", "every": 3, "batches": 2, "per_layer": True},
    {"kind": "forgetting", "every": 5, "text": TEXT},
    {"kind": "flatness", "batches": 2, "draws": 2},
    {"kind": "fisher", "every": 3, "batches": 2},
    {"kind": "representations", "every": 5, "text": TEXT},
]
"""Everyone who looks."""

VARIANTS |= {
    name: {**settings, "model": "{world}/masked", "learning_rate": 0.02, "probes": PROBES}
    for name, settings in {
        "probes": {"dropout": 0.1},
        "probes_of_slow_weights": SEQUENTIAL,
        "probes_of_weighting": {"method": "pcgrad"},
        "probes_of_averaged_workers": VARIANTS["averaged_workers"],
    }.items()
}

ADAPTERS = {
    "task": {"reduction": 4},
    "language": {code: f"{{world}}/adapters/{code}" for code in ("en", "fr", "ru")},
}
"""German is measured with the adapter of English."""

VARIANTS |= {
    "task_adapter": {"model": LAYERED, "adapters": {"task": {"placement": "houlsby", "reduction": 4}}},
    "task_adapter_in_parallel": {"model": LAYERED, "dropout": 0.1, "adapters": {"task": {"placement": "parallel"}}},
    "language_adapters": {"model": "{world}/encoder", "adapters": ADAPTERS},
    "language_adapters_kept": {"model": "{world}/encoder", **SEQUENTIAL, "adapters": {**ADAPTERS, "at_test": "keep"}},
    "gradual_over_adapters": {
        "method": "gradual_unfreezing",
        "model": LAYERED,
        "adapters": {"task": {"leave_out": [1]}},
        "unfreezing": {"every": 4},
    },
    "fun_over_adapters": {
        "method": "fun",
        "model": LAYERED,
        "adapters": {},
        "unfreezing": {"every": 3, "batches": 2, "labels": "gold"},
    },
    "lora_of_fused_attention": {"dropout": 0.1, "lora": {"rank": 2, "alpha": 3, "dropout": 0.3}},
    "lora_of_slow_weights": {
        **SEQUENTIAL,
        "model": LAYERED,
        "lora": {"rank": 2, "targets": ["key", "output", "intermediate.dense"]},
    },
    "lora_on_language_adapters": {
        "model": "{world}/encoder",
        "lora": {"rank": 4},
        "adapters": {"language": ADAPTERS["language"]},
    },
    "gradual_over_lora": {
        "method": "gradual_unfreezing",
        "model": LAYERED,
        "lora": {"rank": 4},
        "unfreezing": {"every": 4},
    },
    "fun_over_lora": {
        "method": "fun",
        "model": LAYERED,
        "lora": {},
        "unfreezing": {"every": 3, "batches": 2, "labels": "gold"},
    },
    "head_first_under_lora": {"method": "lpft", "model": LAYERED, "lora": {}, "unfreezing": {"every": 4}},
}

VARIANTS |= {
    name: {**settings, "model": "{world}/masked", "learning_rate": 0.02, "text": TEXT}
    for name, settings in {
        "text_beside": {"dropout": 0.1, "sources": [{"kind": "mlm", "share": 0.3}, {"kind": "tlm", "share": 0.3}]},
        "text_beside_slow_weights": {**SEQUENTIAL, "sources": {"kind": "mlm", "share": 0.5}},
        "text_beside_averaged_workers": {
            **VARIANTS["averaged_workers"],
            "sources": {"kind": "mlm", "share": 0.5},
            "penalties": {"kind": "l2_sp", "strength": 0.1},
        },
    }.items()
}

VARIANTS |= {
    "manifold_mixup_of_translations": {
        "method": "manifold_mixup",
        "model": LAYERED,
        "dropout": 0.1,
        "objective": {"partners": "translations", "layer": 2},
        "gradient_accumulation_steps": 2,
    },
    "filter_taught": {
        "method": "filter",
        "model": "{world}/unigram",
        "dropout": 0.1,
        "attention": "eager",
        "gradient_accumulation_steps": 2,
        "objective": {"local": 0, "teacher": "{world}/fused", "temperature": 2.0},
    },
    "x_tune_second_stage": {
        "method": "x_tune",
        "model": "{world}/unigram",
        "dropout": 0.1,
        "objective": {
            "augment": {"kind": "code_switch", "dictionaries": {"en": "{world}/en-de.txt"}, "ratio": 0.5},
            "teacher": "{world}/teacher",
            "hard_labels": True,
        },
    },
    "x_tune_noise": {"method": "x_tune", "objective": {"augment": {"kind": "noise", "size": 0.5}}},
    "x_tune_translation": {"method": "x_tune", "model": LAYERED, "objective": {"augment": {"kind": "translation"}}},
    "x_tune_of_answers": {
        "method": "x_tune",
        "model": "{world}/unigram",
        "doc_stride": 7,
        "gradient_accumulation_steps": 2,
    },
}

VARIANTS |= {
    "answers_of_a_teacher": {
        "model": "{world}/unigram",
        "dropout": 0.1,
        "text": TEXT,
        "sources": {"kind": "soft_labels", "share": 0.6, "teacher": "{world}/teacher", "softening": 3.0},
    },
}

SETTINGS = {**METHOD_SETTINGS, **VARIANTS}

OTHER_TASKS = {
    "questions": "qa",
    "choice": "choice",
    **dict.fromkeys(("x_mixup_of_answers", "x_tune_of_answers"), "qa"),
    **dict.fromkeys(("filter", "filter_taught", "x_tune_translation"), "pairs"),
    **dict.fromkeys(("x_mixup", "x_mixup_released", "x_mixup_without_mixing", "x_mixup_of_slow_weights"), "pairs"),
    **dict.fromkeys(("consistency", "mean_of_logits", "manifold_mixup", "manifold_mixup_of_translations"), "pairs"),
}
"""The data of an entry where they are not those of pos."""


def recipe(name: str, world: Path, **changes: Any) -> dict[str, Any]:
    """The recipe of an entry on ``world/TASK`` and ``world/encoder``, as `tests.support.world` writes them."""
    task = OTHER_TASKS.get(name, "pos")
    whole = merged(merged({**BASE, "data": [entry(task, world / task)]}, SETTINGS[name]), changes)
    # A random model is one value: keys of another type's config make no sense in it.
    model = {**BASE, **SETTINGS[name], **changes}["model"]
    placed: dict[str, Any] = {"model": model.format(world=world) if isinstance(model, str) else model}
    # The template's own {language} stays.
    for key in {"data", "probes", "text", "sources", "adapters", "objective"} & whole.keys():
        placed[key] = json.loads(json.dumps(whole[key]).replace("{world}", str(world)))
    return {**whole, **placed}
