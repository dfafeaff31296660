"""Text beside a task, as it is read and announced."""

from __future__ import annotations

from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import PreTrainedTokenizerFast

from isogloss.data.problems import Problems
from isogloss.recipe.resolve import resolve
from isogloss.start.text import TextBeside, read_text_beside


def beside(folder: Path, **changes: object) -> tuple[TextBeside, str]:
    for language in ("de", "fr"):
        (folder / f"{language}.txt").write_text("a b\n" * 5, encoding="utf-8")
    recipe = resolve(
        {
            "model": "some/model",
            "data": {"task": "pos", "format": "conllu", "path": "x/{language}/{split}"},
            "steps": 10,
            "text": {"format": "lines", "path": f"{folder}/{{language}}.txt"},
            "sources": {"kind": "mlm", "share": 0.3},
            **changes,
        }
    )
    words = Tokenizer(WordLevel({"a": 0, "b": 1}))
    words.pre_tokenizer = Whitespace()
    read = read_text_beside(recipe, PreTrainedTokenizerFast(tokenizer_object=words), Problems())
    return read, read.announcement(recipe)


def test_a_limit_holds_for_files_of_text_too(tmp_path: Path):
    assert {language: len(own) for language, own in beside(tmp_path)[0].texts.sentences.items()} == {"de": 5, "fr": 5}
    limited, _ = beside(tmp_path, limit=2)
    assert {language: len(own) for language, own in limited.texts.sentences.items()} == {"de": 2, "fr": 2}


def test_the_run_says_what_text_it_learns_from(tmp_path: Path):
    _, line = beside(tmp_path)
    assert line == "beside the task: mlm in 30% of the steps; sub-words of text: de 10, fr 10"
