"""The card of a model: what it was trained for and on, its scores, and how to load it, in the format of the hub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from isogloss.common.markup import as_markdown, one_line, signed
from isogloss.models.extensions import extensions_of
from isogloss.models.open import Loaded
from isogloss.recipe.spec.recipe import Recipe
from isogloss.reports.card_sections import DataSet, Interval, scores
from isogloss.reports.cells import scoring_of, told_apart
from isogloss.tasks.choice import MultipleChoice
from isogloss.tasks.classification import Classification
from isogloss.tasks.spans import Spans
from isogloss.tasks.tagging import Tagging
from isogloss.tasks.task import Task

TAGS: Mapping[type, str] = {
    Tagging: "token-classification",
    Classification: "text-classification",
    MultipleChoice: "multiple-choice",
    Spans: "question-answering",
}
"""What the hub calls the tasks."""

TAGGER = '''```python
import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer

folder = "."  # where this card lies
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForTokenClassification.from_pretrained(folder).eval()


def tag(words, text=None):
    """The tag of each word; text: the sentence as it is written, with the words in it; None: with spaces between."""
    spaces, at = [True] * len(words), 0
    for number, word in enumerate(words if text else ()):
        start = text.index(word, at)
        spaces[number], at = start > at, start + len(word)
    logits, pieces = look(words, spaces)
    while bare := [number for number, own in enumerate(pieces) if not own]:
        before = list(spaces)
        for number in bare:  # two words share a sub-word: a space goes between them
            for side in [side for side in (number + 1, number) if 0 < side < len(words) and not spaces[side]][:1]:
                spaces[side] = True
        if spaces == before:
            break
        logits, pieces = look(words, spaces)
    return [model.config.id2label[int({of_word}.argmax())] if own else None for own in pieces]


@torch.no_grad()
def look(words, spaces):
    """The logits of all sub-words, and which of them each word has."""
    parts = [" " * (number > 0 and spaces[number]) + word for number, word in enumerate(words)]
    text, owners = "".join(parts), [number for number, part in enumerate(parts) for _ in part]
    options = {"return_offsets_mapping": True, "truncation": True, "max_length": {max_length}}
    encoded = tokenizer(text, return_tensors="pt", **options)
    offsets, names = encoded.pop("offset_mapping")[0].tolist(), encoded.tokens()
    pieces, last = [[] for _ in words], -1
    for place, (start, stop) in enumerate(offsets):
        if encoded.sequence_ids(0)[place] is None:
            continue  # a special sub-word
        places = (*reversed(range(start, stop)), *range(stop, len(text)))
        owner = next((owners[at] for at in places if not text[at].isspace()), -1)  # the word of its last letter
{spaces}        last = max(last, owner)
        if last >= 0:
            pieces[last].append(place)
    return model(**encoded).logits[0], pieces


print(tag(["Eva", "reads", "."], "Eva reads."))
```

Cut sentences of more than {max_length} sub-words: words beyond them have None for a tag.'''

SPACES = """        if owner > last and not names[place].strip("▁Ġ "):
            continue  # a space alone
"""
"""What is done where texts are read as they are written."""

CLASSIFIER = """```python
from transformers import pipeline

classify = pipeline("text-classification", model=".", truncation=True, max_length={max_length})  # where this card lies
print(classify({example}))
```"""


@dataclass(frozen=True)
class Details:
    """What is known of a model beside its scores.

    Attributes:
        redrawn: By `isogloss.reports.cells.scoring_of` of a row and its split the interval of its value.
        sets: The data sets of the run.
        sections: Sections after the scores, by heading, in Markdown.
        licence: Licence of the model, as the hub names licences; None: it is not said.
    """

    redrawn: Mapping[tuple[Any, ...], Interval]
    sets: Sequence[DataSet]
    sections: Mapping[str, str]
    licence: str | None = None


def card(
    recipe: Recipe,
    task: Task,
    loaded: Loaded,
    languages: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    details: Details | None = None,
) -> str:
    """The card, in which names and labels of the user's data are shown as they are, whatever they hold.

    Args:
        recipe: The recipe with nothing left open.
        task: The task.
        loaded: The model.
        languages: The languages that it was trained on.
        rows: Final scores, see `isogloss.run.evaluation.COLUMNS`.
        details: What else is known; None: the card holds what is known when training ends.
    """
    own = [row for row in rows if row["metric"] == task.metrics[0]]
    known = details or Details({}, [], {})
    intervals = [known.redrawn.get((*scoring_of(row), row["split"])) for row in own]
    primary = [told_apart(row) for row in own]
    kind = TAGS[type(task)]
    source = one_line(str(loaded.identity.get("source") or "random weights"))
    name = f"{task.name}, {one_line(str(recipe.method))}, from {source}"
    hubs = {one.name: one.hub for one in known.sets}
    results = [
        EvalResult(
            task_type=kind,
            dataset_type=hubs.get(row["data"]) or one_line(row["data"]),
            dataset_name=f"{one_line(row['data'])}, {row['language']}",
            dataset_config=row["language"],
            dataset_split=row["split"],
            metric_type=row["metric"],
            metric_value=round(row["value"], 4),
        )
        for row in primary
    ]
    data = ModelCardData(
        language=list(languages),
        library_name="transformers",
        pipeline_tag=kind,
        tags=["isogloss", "cross-lingual-transfer", task.name],
        metrics=list(task.metrics),
        license=known.licence,
        datasets=[hub for hub in hubs.values() if hub] or None,
        base_model=source if loaded.identity.get("commit") else None,
        model_name=name,
        eval_results=results or None,
    )
    content = f"---\n{data.to_yaml()}\n---\n\n# {as_markdown(name)}\n\n{_facts(recipe, task, languages)}\n"
    sections = {"How to load it": _loading(recipe, task, loaded), "Scores": scores(own, intervals)}
    for heading, text in {**sections, **known.sections}.items():
        content += f"\n## {heading}\n\n{text}\n"
    return signed(f"{content}\nTrained and measured with isogloss.\n")


def _facts(recipe: Recipe, task: Task, languages: Sequence[str]) -> str:
    facts = {
        "task": task.name,
        "trained on": ", ".join(languages),
        "method": as_markdown(str(recipe.method)),
        "seed": recipe.seeds[0],
    }
    if not isinstance(task, MultipleChoice | Spans):
        facts["labels"] = ", ".join(map(as_markdown, task.labels))
    if isinstance(task, Tagging):
        spaced = "as it is written, without spaces between words that its text does not have"
        facts["text"] = spaced if task.as_written else "with a space between all words"
        facts["tag of a word"] = (
            "that of the average of the logits of its sub-words"
            if task.average
            else "that of the sum of the states of its sub-words"
            if task.summed
            else "that of its first sub-word"
        )
    facts["longest input"] = f"{recipe.max_length} sub-words, special ones included"
    return "\n".join(f"- {name}: {value}" for name, value in facts.items())


def _loading(recipe: Recipe, task: Task, loaded: Loaded) -> str:
    modules = sorted(extensions_of(loaded.model))
    if modules:
        return (
            f"The model has modules of its own ({', '.join(modules)}) that transformers does not load, so it computes "
            "something else there. `isogloss predict RUN` and `isogloss.load(RUN)` load them with the run folder that "
            "this one lies in; `isogloss export RUN` writes a folder that loads without isogloss."
        )
    if isinstance(task, Tagging):
        bias = "model.classifier.bias"
        summed = f"((logits[own] - {bias}).sum(dim=0) + {bias})"
        of_word = "logits[own].mean(dim=0)" if task.average else summed if task.summed else "logits[own[0]]"
        code = TAGGER.replace("{spaces}", SPACES if task.as_written else "")
        return code.replace("{max_length}", str(recipe.max_length)).replace("{of_word}", of_word)
    if isinstance(task, Classification):
        pair = '{"text": "Eva reads.", "text_pair": "Someone reads."}'
        paired = task.name in ("nli", "paraphrase")
        example = pair if paired else '"Eva reads."'
        return CLASSIFIER.replace("{max_length}", str(recipe.max_length)).replace("{example}", example)
    return (
        f"`transformers.{task.auto_class.__name__}.from_pretrained` loads it; `isogloss predict RUN` and "
        "`isogloss.load(RUN)` do what comes before and after it."
    )
