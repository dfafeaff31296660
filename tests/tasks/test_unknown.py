"""Unknown sub-words are counted per file, whole, and without special ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from isogloss.data.problems import Problems
from isogloss.examples import TaggedSentence
from isogloss.store.cache import Cache
from isogloss.store.examples import StoredExamples, read_examples, write_examples
from isogloss.tasks import encoding
from isogloss.tasks.encoding import Encoding
from isogloss.tasks.tagging import part_of_speech
from isogloss.tasks.unknown import Unknown
from tests.support.tokenizers import ALL

TASK = part_of_speech(("A",))


def sentences(path: str, known: int, strange: int) -> list[TaggedSentence]:
    """Sentences of one token each; ``ξ`` was in no text of the tokenizers."""
    tokens = [","] * known + ["ξ"] * strange
    return [TaggedSentence(str(n), "en", (token,), ("A",), path, n) for n, token in enumerate(tokens)]


def test_shares_are_those_of_files_without_special_sub_words():
    tokenizer = ALL["word piece"]()
    examples = [*sentences("good", 19, 1), *sentences("bad", 18, 2)]
    assert len(tokenizer(",", add_special_tokens=False)["input_ids"]) == 1
    counted, problems = Unknown(tokenizer), Problems()
    counted.add(examples, TASK.encode(examples, tokenizer, 18).features)
    counted.warn(problems)
    assert counted.share() == pytest.approx(3 / 40)
    # 5 % is not above 5 %.
    assert [problem.path for problem in problems.warnings] == ["bad"]
    assert problems.warnings[0].message.startswith("10.0% of the sub-words of en are unknown")


def test_a_tokenizer_of_bytes_knows_everything():
    tokenizer = ALL["bytes"]()
    examples, problems = sentences("f", 0, 5), Problems()
    Encoding(TASK, tokenizer, 18).encode(examples, problems)
    assert problems.warnings == []
    assert Unknown(tokenizer).share() is None


def test_a_stored_file_is_counted_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(encoding, "PIECE", 7)
    files = []
    # The last piece of the good file holds nothing but the strange token.
    for path, known, strange in (("good", 21, 1), ("bad", 3, 9)):
        (tmp_path / path).mkdir()
        write_examples(tmp_path / path, sentences(path, known, strange), {"warnings": []})
        files.append(read_examples(tmp_path / path))
    for _ in ("cold", "warm"):
        problems = Problems()
        Encoding(TASK, ALL["word piece"](), 18).encode(StoredExamples(Cache(tmp_path / "cache"), files), problems)
        assert [str(problem).split(" of ")[0] for problem in problems.warnings] == ["bad: warning: 75.0%"]
