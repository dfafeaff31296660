"""The tables of docs/recipes.md and docs/pretraining.md, from the schemas, and of docs/data.md, from the catalogue.

`python -m tests.docs.reference` writes them anew.
"""

from __future__ import annotations

import re
import types
import typing
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from isogloss.catalogue import SETS, PublicSet
from isogloss.recipe.spec import data as data_schema
from isogloss.recipe.spec import optimizer as optimizer_schema
from isogloss.recipe.spec import pretraining as pretraining_schema
from isogloss.recipe.spec import recipe as schema
from isogloss.recipe.spec import text as text_schema
from isogloss.recipe.spec import unfreezing as unfreezing_schema
from isogloss.recipe.spec.base import Spec

DOCS = Path(__file__).parents[2] / "docs"

KEYS: dict[str, tuple[str, ...]] = {
    "run": ("name", "label", "method", "seed", "sweep"),
    "model": (
        "model", "random_weights", "trust_remote_code", "dropout", "attention", "max_length", "aggregation",
        "spacing", "stride", "doc_stride", "max_answer_length", "precision",
    ),
    "data": (
        "data", "train_languages", "evaluate_languages", "few_shot", "translate_train", "partition", "leave_one_out",
        "limit",
    ),
    "sampling": ("sampling", "batch_size", "gradient_accumulation_steps"),
    "objective": ("objective", "penalties"),
    "text": ("text", "sources", "exclude"),
    "weighting": ("weighting", "gradients"),
    "unfreezing": ("unfreezing", "adapters", "lora"),
    "optimizer": (
        "optimizer", "learning_rate", "layer_decay", "schedule", "warmup_steps", "weight_decay", "max_grad_norm",
    ),
    "length": ("steps", "epochs"),
    "ending": (
        "selection", "average_from", "patience", "evaluation_steps", "evaluation_sample", "evaluation_batch_size",
        "test",
    ),
    "records": ("logging_steps", "save_steps", "save_total_limit", "report_to"),
    "probes": ("probes",),
}  # fmt: skip
"""The top-level keys, by the table they stand in."""

PRETRAINING_KEYS: dict[str, tuple[str, ...]] = {
    "pretraining_model": (
        "name", "model", "tokenizer", "teacher", "student", "random_weights", "trust_remote_code", "dropout",
        "attention", "compile", "seed",
    ),
    "pretraining_text": ("text", "knowledge", "sources", "languages", "exclude", "held_out", "limit"),
    "pretraining_rows": ("stages", "gradient_accumulation_steps"),
    "pretraining_movement": (
        "unfreezing", "adapters", "optimizer", "steps", "learning_rate", "schedule", "warmup_steps", "decay_steps",
        "weight_decay", "max_grad_norm", "precision",
    ),
    "pretraining_records": (
        "selection", "evaluation_steps", "evaluation_batch_size", "logging_steps", "save_steps", "save_total_limit",
        "report_to",
    ),
}  # fmt: skip
"""The same for a recipe of `isogloss pretrain`."""


def parts() -> dict[str, type[BaseModel]]:
    """The parts of recipes with keys of their own, by name."""
    found = specs_below(Spec) - {*schema.Recipe.__mro__, *pretraining_schema.Pretraining.__mro__}
    named = {part.__name__: part for part in found}
    assert len(named) == len(found), "two parts of one name"
    return named


def specs_below(spec: type[BaseModel]) -> set[type[BaseModel]]:
    """A spec and all that are made from it."""
    return {spec, *(below for child in spec.__subclasses__() for below in specs_below(child))}


BLOCK = re.compile(r"<!-- table: (\w+) -->\n.*?<!-- end -->", re.DOTALL)


def tables() -> dict[Path, dict[str, str]]:
    """Every table by page and name, in Markdown."""
    training = {name: _table(schema.Recipe, keys) for name, keys in KEYS.items()}
    pretraining = {name: _table(pretraining_schema.Pretraining, keys) for name, keys in PRETRAINING_KEYS.items()}
    return {
        DOCS / "recipes.md": training | _of_parts("recipes.md"),
        DOCS / "pretraining.md": pretraining | _of_parts("pretraining.md"),
        DOCS / "data.md": {"catalogue": _catalogue(), "missing": _missing(), "hub": _hub()},
    }


def _catalogue() -> str:
    """What each public data set is."""
    rows = [
        f"| `{name}` | {public.title} | `{public.task}` | {_languages(public)} | {', '.join(public.splits)} "
        f"| {public.metric} | {public.licence} | {'yes' if public.loaded else 'never'} |"
        for name, public in SETS.items()
    ]
    head = "| name | set | task | languages | splits | metric | licence | loaded from the hub |"
    return "\n".join([head, "|---" * 8 + "|", *rows])


def _languages(public: PublicSet) -> str:
    number = len(public.languages)
    return f"{number}: {' '.join(public.languages)}" if number <= 40 else str(number)


def _missing() -> str:
    """What one might look for in vain, and how a copy is laid out."""
    rows = [
        f"| `{name}` | `{public.entry(name)['path']}` | `{public.rows.format}`: {public.rows.contents} "
        f"| {public.missing} |"
        for name, public in SETS.items()
    ]
    return "\n".join(["| name | copy | format | what is missing, and what to know |", "|---" * 4 + "|", *rows])


def _hub() -> str:
    """Where each lies, and what its files must hold."""
    rows = []
    for name, public in SETS.items():
        config = public.repository.config.format(word="LANGUAGE")
        splits = ", ".join(f"{ours}: {theirs}" for ours, theirs in public.splits.items())
        labels = "–" if public.rows.labels is None else ", ".join(public.rows.labels)
        place = f"`{public.repository.id}`, `{config}`, `{public.repository.revision}`"
        unverified = "; ".join(public.unverified) or "–"
        rows.append(f"| `{name}` | {place} | {splits} | {', '.join(public.rows.columns)} | {labels} | {unverified} |")
    head = "| name | repository, configuration, revision | splits | columns | labels in the order of their integers |"
    return "\n".join([f"{head} unverified |", "|---" * 6 + "|", *rows])


def _of_parts(page: str) -> dict[str, str]:
    """The tables of the parts that a page describes."""
    described = re.findall("<!-- table: (.*?) -->", (DOCS / page).read_text(encoding="utf-8"))
    return {name: _table(part, tuple(part.model_fields)) for name, part in parts().items() if name in described}


def written(page: str, made: dict[str, str]) -> str:
    """The page with its tables made anew."""
    return BLOCK.sub(lambda match: f"<!-- table: {match[1]} -->\n{made[match[1]]}\n<!-- end -->", page)


def meaning(spec: type[BaseModel], key: str) -> str | None:
    """What a key means, in a line; None if nobody says."""
    field = spec.model_fields[key]
    if key == "kind":
        return " ".join((spec.__doc__ or "").split()).rstrip(".")
    return field.description


def _table(spec: type[BaseModel], keys: tuple[str, ...]) -> str:
    rows = [
        f"| `{key}` | {_type(field.annotation)}{_bounds(field)} | {_default(field)} | {meaning(spec, key)} |"
        for key in keys
        for field in [spec.model_fields[key]]
    ]
    return "\n".join(["| key | type | default | meaning |", "|---|---|---|---|", *rows])


def _type(annotation: Any) -> str:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _type(arguments[0])
    if origin in (types.UnionType, typing.Union):
        return ", ".join(_type(argument) for argument in arguments)
    if origin is typing.Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin is tuple:
        return f"list of {_type(arguments[0])}" if arguments[1] is ... else f"{len(arguments)} of {_type(arguments[0])}"
    if origin is dict:
        return f"map of {_type(arguments[0])} to {_type(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        # The parts of both kinds of recipe are described where those of `isogloss train` are.
        shared = (
            optimizer_schema.AdamW,
            data_schema.Columns,
            unfreezing_schema.Everything,
            unfreezing_schema.AllButEmbeddings,
        )
        page = "recipes.md" if annotation in shared else ""
        text = (text_schema.TextEntry, text_schema.MLM, text_schema.TLM)
        page = "pretraining.md" if annotation in text else page
        return f"[{annotation.__name__}]({page}#{annotation.__name__.lower()})"
    names = {str: "text", int: "integer", float: "number", bool: "true, false", type(None): "null", Any: "anything"}
    return names[annotation]


def _bounds(field: FieldInfo) -> str:
    signs = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}
    found = [
        f"{sign} {getattr(rule, name)}"
        for rule in field.metadata
        for name, sign in signs.items()
        if hasattr(rule, name)
    ]
    return f" ({', '.join(found)})" if found else ""


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return "required"
    if isinstance(value, BaseModel):
        return f"`{{kind: {value.kind}}}`" if "kind" in type(value).model_fields else "`{}`"  # type: ignore[attr-defined]
    if value is None or isinstance(value, bool):
        return f"`{ {None: 'null', True: 'true', False: 'false'}[value] }`".replace(" ", "")
    if isinstance(value, tuple):
        return f"`{[entry.model_dump() if isinstance(entry, BaseModel) else entry for entry in value]}`"
    return f"`{value}`"


if __name__ == "__main__":
    for page, made in tables().items():
        page.write_text(written(page.read_text(encoding="utf-8"), made), encoding="utf-8")
