"""Put the student of a finished run of the recipe ``isogloss-small-distilled`` into the package, with its card.

    python docs/results/ship_small.py runs/isogloss-small-distilled [--measured docs/results/isogloss-small-test.jsonl]

Weights are stored in half precision; every number in the card is read from the run, and scores from the rows of
``isogloss_small.py``, without which the card has none; rows do not say which weights they are of, so measure the
student first, as ``--model RUN/model``, and pass these rows alone. What the encoder's own defaults are is not known
to a run: ``defaults.yaml`` stays as it is, and the card names what stands there. The encoder that had the name is noted
in ``former.yaml``, so that its runs are told of the change.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import torch
import yaml
from tabulate import tabulate
from transformers import AutoModelForMaskedLM, AutoTokenizer

import isogloss
from isogloss.common.writing import read_json, read_lines, write_text
from isogloss.models.hashes import hashes_of_weights
from isogloss.models.renewed import FORMER, described
from isogloss.models.shipped import DEFAULTS, RECIPE_DEFAULTS
from isogloss.models.stored import write_model
from isogloss.recipe.values import as_text
from isogloss.reports.tables import distilled_table

TARGET = Path(__file__).parents[2] / "src" / "isogloss" / "models" / "pretrained" / "isogloss-small"

LICENCE = "TEACHER_LICENSE"
"""In the folder of the encoder: the notice that copies of the teacher must have."""

CARD = """\
---
library_name: transformers
pipeline_tag: fill-mask
language: [{languages}]
license: cc-by-sa-4.0
---

# isogloss-small

A small multilingual encoder that comes with isogloss, so that its methods can be tried and compared without a hub. It
is a test bench and no product: for work, take XLM-R, mDeBERTa or mmBERT.

- **Architecture:** {architecture}, {layers} layers x {hidden}, {parameters:,} parameters, {size:.1f} MB in half
  precision; unigram vocabulary of {vocabulary:,} sub-words with {embedding} units each; inputs of up to {positions}
  sub-words.
- **Teacher:** [multilingual-e5-small](https://huggingface.co/intfloat/multilingual-e5-small), Copyright (c) 2023
  Intfloat contributors, MIT License (`TEACHER_LICENSE`); {identity}.
  The student began with its layers {begun} and the {vocabulary:,} of its sub-words that are most
  frequent in the text below.
- **Made by:** `isogloss distil --recipe isogloss-small-distilled`: {steps:,} steps, {tokens:.1f} million sub-words of
  input, in {distilled:.0%} of the steps against the teacher
  ({learned}; layers are counted from 1), in {masked:.0%} masked language modelling.
  {hours:.1f} hours of training on {hardware}, torch {torch}.

## Data and licences

| data | languages | licence |
|---|---|---|
| Bible translations, verse-aligned | cs de en es fi fr ko pl ru sv vi zh | public domain |
| Gospels (Matthew to Luke) | de en es fr | CC0, public domain |
| Gospels | sw wo | CC0 1.0 for the corpus; rights in the translation not stated |
| NTREX-128 news, first 1,100 sentences | 16 (all but cs pl sv) | CC BY-SA 4.0 |
| Universal Dependencies, training sentences | en fi ko ru te tr vi wo zh | CC BY-SA 4.0 |
| Universal Dependencies, French Sequoia | fr | LGPL-LR |

Nothing whose licence forbids commercial use was read. Sentences of the dev and test files that isogloss is measured on
(UD, PUD, MasakhaPOS, UNER, WikiANN, MasakhaNER, XNLI, AmericasNLI, SNLI, SIB-200, COPA, XCOPA, TyDi QA, XQuAD,
Tatoeba) were left out, compared by hash; what the teacher has read was not compared with them. Many of the treebanks
are news and web text; the rest is the Bible, in translations of the 17th to 20th century.

## Distance from the teacher on held-out sentences

```text
{table}
```
{measured}
## Known limits

- Its teacher was trained for the similarity of sentences, on texts and labels of its own, which its card names. What
  the student does well it may owe to these.
- It has read {tokens:.1f} million sub-words, most of them from one book.
- ar, hi, te, tr, sw, wo and yo have between 1,000 and 4,000 sentences each in the text, by which the table of sub-words
  was cut and the student taught.
- A recipe that says nothing else takes these from `defaults.yaml` here: {defaults}.
- It knows the vocabulary of scripture and news; names, numbers and informal text are weak.
- Its biases are those of its texts, and of its teacher.
"""

MEASURED = """
## Scores

Trained on English by the recipes `en-*-zero-shot` at scale small, tested on each language: per cent, means
over {seeds} seeds.

{table}
"""

METRICS = {"pos": "accuracy", "ner": "f1", "nli": "accuracy", "topic": "accuracy", "choice": "accuracy", "qa": "f1"}


def main(run: Path, measured: Path | None) -> None:
    """Write the model folder and its card."""
    recipe = yaml.safe_load((run / "recipe.yaml").read_text(encoding="utf-8"))
    cost, fingerprint = read_json(run / "cost.json"), read_json(run / "fingerprint.json")
    starts = read_json(run / "environment.json", list)
    rows = [row for row in read_lines(run / "results.jsonl") if row["selection"] is not None]
    scores = None if measured is None else read_lines(measured)
    model = AutoModelForMaskedLM.from_pretrained(run / "model", dtype=torch.float16)
    tokenizer = AutoTokenizer.from_pretrained(run / "model")
    setattr(model.config, RECIPE_DEFAULTS, TARGET.name)  # so that what is made from it has its defaults
    defaults = (TARGET / DEFAULTS).read_text(encoding="utf-8")
    former = (TARGET / FORMER).read_text(encoding="utf-8")
    licence = (TARGET / LICENCE).read_text(encoding="utf-8")
    (digest,), was = hashes_of_weights(TARGET).values(), described(TARGET)
    write_model(TARGET, model, tokenizer)
    table = TARGET / "tokenizer.json"  # without the spaces of its layout, which are nearly half of it
    write_text(table, json.dumps(read_json(table), ensure_ascii=False, separators=(",", ":")) + "\n")
    write_text(TARGET / DEFAULTS, defaults)
    write_text(TARGET / LICENCE, licence)
    if digest not in (*yaml.safe_load(former), *hashes_of_weights(TARGET).values()):
        former += f"{digest}: {was}, before {isogloss.__version__}\n"
    write_text(TARGET / FORMER, former)
    shares = {source["kind"]: source["share"] for source in recipe["sources"]}
    (distil,) = (source for source in recipe["sources"] if source["kind"] == "distil")
    card = CARD.format(
        languages=", ".join(sorted({f'"{row["language"]}"' for row in rows})),
        architecture=type(model).__name__.removesuffix("ForMaskedLM").upper(),
        layers=model.config.num_hidden_layers,
        hidden=model.config.hidden_size,
        embedding=model.get_input_embeddings().embedding_dim,
        positions=tokenizer.model_max_length,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        size=(TARGET / "model.safetensors").stat().st_size / 1e6,
        vocabulary=len(tokenizer),
        identity=weights_of(fingerprint["teacher"]),
        begun=listed([layer + 1 for layer in recipe["student"]["from_layers"]]),
        steps=cost["steps"],
        tokens=sum(stage["share"] * stage["length"] * stage["batch_size"] for stage in recipe["stages"])
        * cost["steps"] / 1e6,
        distilled=shares["distil"],
        masked=shares.get("mlm", 0),
        learned=listed([*learned(distil)]),
        hours=cost["seconds"]["training"] / 3600,
        hardware=hardware(starts[-1]),
        torch=starts[-1]["packages"]["torch"],
        table=distilled_table(rows),
        measured="" if scores is None else MEASURED.format(**tables(scores)),
        defaults=", ".join(f"{key} {as_text(value)}" for key, value in yaml.safe_load(defaults).items()),
    )  # fmt: skip
    write_text(TARGET / "README.md", card)
    print(json.dumps({path.name: path.stat().st_size for path in sorted(TARGET.iterdir())}, indent=2))


def learned(distil: Mapping[str, Any]) -> Iterator[str]:
    """What of the teacher was learned, in words."""
    if distil["relations"]:
        yield "relations of its attention"
    for key, what in (("states", "states"), ("sentence", "at the first place the mean of states")):
        if how := distil.get(key):
            yield f"{what} of its last layer" if how["layer"] is None else f"{what} of its layer {how['layer']}"


def weights_of(teacher: Mapping[str, Any]) -> str:
    """Which weights a teacher had: those of the hub, or those that `docs/README.md` says how to make."""
    if "commit" in teacher:
        return f"commit {teacher['commit']}"
    (digest,) = teacher["sha256"].values()
    return f"rounded to four bits, as docs/README.md has it (weights of SHA-256 {digest[:12]}...)"


def hardware(start: Mapping[str, Any]) -> str:
    """The device of a start, or how many threads of a processor its processes had together."""
    devices = [name for name in start["devices"] if name != "cpu"]
    return listed(devices) if devices else f"{start['processes'] * start['threads']} CPU thread(s)"


def listed(parts: Sequence[Any]) -> str:
    """The parts as one reads them out."""
    *before, last = map(str, parts)
    return f"{', '.join(before)} and {last}" if before else last


def tables(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Scores by task and language, and of how many seeds they are means."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    own = [row for row in rows if row["start"] == TARGET.name and METRICS.get(row["task"]) == row["metric"]]
    for row in own:
        found[row["language"]][row["task"]].append(100 * row["value"])
    body = [
        [language, *(f"{mean(found[language][task]):.1f}" if task in found[language] else "" for task in METRICS)]
        for language in sorted(found)
    ]
    headers = ["language", *(f"{task} ({metric})" for task, metric in METRICS.items())]
    table = tabulate(body, headers, tablefmt="github", disable_numparse=True)
    return {"seeds": len({row["seed"] for row in own}), "table": table}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--measured", type=Path)
    main(**vars(parser.parse_args()))
