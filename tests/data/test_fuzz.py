"""Every reader on bytes that no one meant: a clear error or a counted repair, and nothing else."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from isogloss.data import Format, Problems
from isogloss.data.lines import read_lines
from isogloss.recipe.names import FORMATS, TEXT_FORMATS

READERS: dict[str, Format] = {name: named.build(None) for name, named in {**TEXT_FORMATS, **FORMATS}.items()}
READERS["running text"] = TEXT_FORMATS["conllu"].build(None)
SEEDS: dict[str, bytes] = {
    "conllu": b"# text = Ein Hund\n1\tEin\t_\tDET\t_\t_\t_\t_\t_\t_\n2-3\tim\t_\t_\t_\t_\t_\t_\t_\t_\n\n",
    "running text": b"1\tEin\t_\tDET\t_\t_\t_\t_\t_\t_\n2-3\tim\t_\t_\t_\t_\t_\t_\t_\t_\n\n",
    "conll": "Ein O\nHund B-PER\n\nО I-LOC\n".encode(),
    "tsv": b"id\ttext\tpair\tlabel\n1\tEin Hund\tEr\tja\n",
    "csv": b'id,text,label\n1,"Ein ""Hund"", ja\nnein",x\n',
    "jsonl": b'{"text": "Ein Hund", "label": 1, "id": "a"}\n',
    "lines": "Ein Hund\nО чём\n".encode(),
}
"""Small good files, which fuzzing begins from; formats without one begin from nothing."""

REAL = {
    "conllu": "ud/vi/dev.conllu",
    "conll": "ner/uner/zh/dev.tsv",
    "tsv": "nli/xnli/hi/test.tsv",
    "jsonl": "copa/vi/val.jsonl",
    "choice_jsonl": "copa/sw/val.jsonl",
    "squad": "qa/tydiqa/ko/dev.json",
    "lines": "parallel/ntrex/te.txt",
}


def check(reader: Format, path: Path) -> None:
    """Read a file and see that what comes back can be worked with, and that what is wrong has been said."""
    problems = Problems()
    examples = reader.read(path, "en", problems)
    assert examples or problems.errors
    for problem in [*problems.errors, *problems.warnings]:
        assert problem.path == str(path)
        assert problem.message
        assert problem.line is None or problem.line >= 1
    names = [example.id for example in examples]
    assert len(set(names)) == len(names)
    assert all(example.path == str(path) and example.line >= 1 for example in examples)


def damaged(seed: bytes, cuts: Sequence[tuple[int, int, bytes]]) -> bytes:
    """The file with stretches replaced."""
    for start, length, new in cuts:
        at = start % (len(seed) + 1)
        seed = seed[:at] + new + seed[at + length :]
    return seed


DAMAGE = some.lists(some.tuples(some.integers(0, 10_000), some.integers(0, 12), some.binary(max_size=8)), max_size=6)


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_bytes_are_read_or_refused(name: str, tmp_path: Path):
    path, reader = tmp_path / "file", READERS[name]

    @settings(max_examples=150, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(some.one_of(some.binary(max_size=200), DAMAGE.map(lambda cuts: damaged(SEEDS.get(name, b""), cuts))))
    @example(b"")
    @example(b"\xff\xfe" + "Ein Hund".encode("utf-16-le"))
    @example(b"\n\n \n\t\t\n")
    @example(b'{"text": ' * 5000)
    def read(content: bytes) -> None:
        path.write_bytes(content)
        check(reader, path)

    read()


def cut(content: bytes) -> bytes:
    return content[: 2 * len(content) // 3]


def columns_shuffled(content: bytes) -> bytes:
    draw = random.Random(0)
    rows = [line.split(b"\t") for line in content.split(b"\n")]
    for row in rows:
        draw.shuffle(row)
    return b"\n".join(b"\t".join(row) for row in rows)


def zeroed(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes(64) + content[middle + 64 :]


def long_line(content: bytes) -> bytes:
    return content + b"x" * 10_000_000 + b"\n"


MUTATIONS: dict[str, Callable[[bytes], bytes]] = {
    "cut": cut,
    "columns shuffled": columns_shuffled,
    "CRLF": lambda content: content.replace(b"\n", b"\r\n"),
    "BOM": lambda content: b"\xef\xbb\xbf" + content,
    "UTF-16": lambda content: content.decode().encode("utf-16"),
    "Latin-1": lambda content: content.decode().encode("latin-1", errors="replace") + "Müller".encode("latin-1"),
    "zero bytes": zeroed,
    "10 MB line": long_line,
    "lines swapped": lambda content: b"\n".join(reversed(content.split(b"\n"))),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.parametrize("name", REAL)
def test_mutated_copies_of_real_files(shared_data: Path, tmp_path: Path, name: str, mutation: str):
    path = tmp_path / "file"
    path.write_bytes(MUTATIONS[mutation]((shared_data / REAL[name]).read_bytes()))
    begun = time.perf_counter()
    check(READERS[name], path)
    assert time.perf_counter() - begun < 60  # a quadratic reader would take hours over ten million characters


@pytest.mark.parametrize("mutation", ["CRLF", "BOM"])
@pytest.mark.parametrize("name", list(REAL))
def test_line_ends_and_marks_of_other_systems_change_nothing(
    shared_data: Path, tmp_path: Path, name: str, mutation: str
):
    original, path = shared_data / REAL[name], tmp_path / "file"
    path.write_bytes(MUTATIONS[mutation](original.read_bytes()))
    before, after = (
        [(one.id, getattr(one, "tokens", None) or getattr(one, "text", None), one.line) for one in found]
        for found in (READERS[name].read(place, "en", Problems()) for place in (original, path))
    )
    assert before == after


def test_wrong_encodings_name_their_line(tmp_path: Path):
    path = tmp_path / "file"
    path.write_bytes(b"good\nM\xfcller\n")
    problems = Problems()
    assert read_lines(path, problems) == []
    assert problems.errors[0].line == 2
