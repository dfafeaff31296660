"""What is written beside an exported model: how it is used, in ten lines, and how it was checked."""

from __future__ import annotations

from isogloss.calls.exporting.asked import KINDS
from isogloss.calls.exporting.folders import BASE
from isogloss.calls.exporting.kinds import adapters_of
from isogloss.models.open import Loaded
from isogloss.tasks.choice import MultipleChoice
from isogloss.tasks.spans import Spans
from isogloss.tasks.tagging import Tagging
from isogloss.tasks.task import Task

EXAMPLE = "example.py"

OPENING = '''"""{what}"""
import json, sys
from pathlib import Path
import numpy as np, onnxruntime
from tokenizers import Tokenizer

tokenizer, session = Tokenizer.from_file("tokenizer.json"), onnxruntime.InferenceSession("model.onnx")
tokenizer.enable_truncation({max_length})
'''

FEED = 'feed = {{"input_ids": {own}.ids, "attention_mask": {own}.attention_mask, "token_type_ids": {own}.type_ids}}'
RUN = "session.run(None, {entry.name: np.array([feed[entry.name]]) for entry in session.get_inputs()})"

CLASSIFIER = """labels = json.loads(Path("config.json").read_text("utf-8"))["id2label"]
encoded = tokenizer.encode(*sys.argv[1:])
{feed}
print(labels[str({run}[0][0].argmax())])
"""

TAGGER = """labels = json.loads(Path("config.json").read_text("utf-8"))["id2label"]
text = " ".join(sys.argv[1].split())
encoded = tokenizer.encode(text)
{feed}
own, logits = [[] for _ in text.split()], {run}[0][0]
for at, (token, (_, stop)) in enumerate(zip(encoded.tokens, encoded.offsets)):
    if encoded.sequence_ids[at] is not None{spaces}:
        own[text[:stop].count(" ")].append(logits[at])  # a sub-word belongs to the word of its last letter
for word, found in zip(text.split(), own):
    print(word, labels[str({of_word}.argmax())] if found else "?", sep="\\t")
"""

READER = """encoded = tokenizer.encode(*sys.argv[1:])  # question, context
{feed}
starts, ends = (found[0] for found in {run})
inside = [at for at, part in enumerate(encoded.sequence_ids) if part == 1]
first, last = max(((a, z) for a in inside for z in inside if a <= z < a + 30), key=lambda s: starts[s[0]] + ends[s[1]])
print(sys.argv[2][encoded.offsets[first][0] : encoded.offsets[last][1]])
"""

CHOOSER = """tokenizer.enable_padding()
encoded = tokenizer.encode_batch([(sys.argv[1], alternative) for alternative in sys.argv[2:]])
parts = {{"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}}
feed = {{name: [getattr(own, part) for own in encoded] for name, part in parts.items()}}
print(sys.argv[2:][{run}[0][0].argmax()])
"""

ADAPTERHUB = """```python
import adapters
from adapters.composition import Stack
from transformers import {model_class}

model = {model_class}.from_pretrained("{base}")
adapters.init(model)
for name in ({names},):
    model.load_adapter(name, load_as=name)
model.active_adapters = Stack({stack})
```

The folders have the format of `adapters` 1.3, which pins its own version of transformers."""

PEFT = """```python
from peft import PeftModel
from transformers import {model_class}

model = PeftModel.from_pretrained({model_class}.from_pretrained("{base}"), ".")
model = model.merge_and_unload()  # the same function as a plain model
```"""

HF = """```python
from transformers import AutoTokenizer, {model_class}

model, tokenizer = {model_class}.from_pretrained("."), AutoTokenizer.from_pretrained(".")
```"""


def example(task: Task, max_length: int) -> str:
    """A program that uses a graph with onnxruntime, tokenizers and numpy alone, in the folder where it lies.

    Args:
        task: The task.
        max_length: Longest input in sub-words.
    """
    run = RUN.replace("[feed[entry.name]]", "[feed[entry.name]], dtype=np.int64")
    words = {"feed": FEED.format(own="encoded"), "run": run}
    what, body = 'The label of a text, or of a pair of texts: python example.py "Eva reads."', CLASSIFIER
    if isinstance(task, Tagging):
        what, body = 'The tag of each word, with spaces between all words: python example.py "Eva reads ."', TAGGER
        words["of_word"] = "np.mean(found, axis=0)" if task.average else "found[0]"
        words["spaces"] = ' and token.strip("▁Ġ ")' if task.as_written else ""
    elif isinstance(task, Spans):
        what, body = 'The answer in a short context: python example.py "Who reads?" "Eva reads."', READER
    elif isinstance(task, MultipleChoice):
        what, body = (
            'The best alternative: python example.py "Eva reads. What happened?" "She knows." "She eats."',
            CHOOSER,
        )
    opening = OPENING.format(what=what.replace('"', "'"), max_length=max_length)
    return opening + body.format(**words)


def manual(kind: str, task: Task, loaded: Loaded, language: str | None, checked: str, loss: str | None) -> str:
    """The README of an export.

    Args:
        kind: Its kind.
        task: The task.
        loaded: The run's model.
        language: The language that a graph with language adapters is for.
        checked: What the check of the logits said.
        loss: The table of what 8 bits cost; None: they are whole.
    """
    words = {"model_class": type(loaded.model).__name__, "base": BASE}
    adapters = adapters_of(loaded.model)
    names = () if adapters is None else adapters.names
    stacks = None if adapters is None else adapters.stacks
    active = [] if stacks is None else [*([stacks.source] if stacks.source else []), *stacks.then]
    words |= {"names": ", ".join(map(repr, names)), "stack": ", ".join(map(repr, active))}
    use = {"hf": HF, "peft": PEFT, "adapterhub": ADAPTERHUB, "onnx": f"See `{EXAMPLE}`, which needs no torch."}[kind]
    parts = [
        f"# {KINDS[kind][0].upper()}{KINDS[kind][1:]}",
        f"Task: {task.name}. Exported with isogloss.",
        use.format(**words) if kind != "onnx" else use,
    ]
    if language is not None:
        parts.append(f"Texts go through the adapter of one language, {language}.")
    if kind == "adapterhub" and stacks is not None and stacks.languages:
        parts.append(f"For texts in another language, put its adapter in the place of {stacks.source!r}.")
    parts.append(f"Checked: {checked}.")
    if loss is not None:
        parts += ["The weights have 8 bits. What that costs:", loss]
    return "\n\n".join(parts) + "\n"
