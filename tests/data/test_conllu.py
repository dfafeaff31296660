from __future__ import annotations

from pathlib import Path

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.data import ConllU, Problems
from tests.support.reading import read


def row(number: str, form: str, tag: str = "X"):
    return "\t".join([number, form, "_", tag, *["_"] * 6])


GOOD = "\n".join([
    "# sent_id = s1",
    "# text = vámonos a la",
    row("1-2", "vámonos", "_"),
    row("1", "vamos", "VERB"),
    row("2", "nos", "PRON"),
    row("2.1", "nada", "_"),
    row("3", "a la", "ADP"),
    "",
    "# newdoc",
    "",
    row("1", "¡", "PUNCT"),
    "",
    "",
    row("1", "Mar", "_"),
    "",
])  # fmt: skip


def test_words_are_read_and_ranges_and_empty_nodes_are_not(tmp_path: Path):
    (first, second, third), problems = read(ConllU(), tmp_path / "file", GOOD)
    assert (first.id, first.tokens, first.tags) == ("s1", ("vamos", "nos", "a la"), ("VERB", "PRON", "ADP"))
    assert (first.line, first.language, first.path) == (4, "en", str(tmp_path / "file"))
    assert (second.id, second.tags, second.line) == ("2", ("PUNCT",), 11)
    assert third.tags is None
    found = "no gold label: 1 of 3 examples (first here), left out of training and scores"
    assert problems == [f"file:14: warning: {found}"]


@pytest.mark.parametrize("content", [GOOD, GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD, GOOD.rstrip("\n")])
def test_writing_what_was_read_gives_the_same_file(tmp_path: Path, content: str):
    examples, _ = read(ConllU(), tmp_path / "file", content)
    ConllU().write(tmp_path / "file", [example.tags or ("_",) for example in examples], tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == content.encode()


def test_predictions_are_read_back(tmp_path: Path):
    examples, _ = read(ConllU(), tmp_path / "file", GOOD)
    predictions = [tuple(f"{example.id}{token}" for token in example.tokens) for example in examples]
    ConllU().write(tmp_path / "file", predictions, tmp_path / "copy")
    again, _ = read(ConllU(), tmp_path / "again", (tmp_path / "copy").read_bytes())
    assert [example.tags for example in again] == predictions
    assert [example.tokens for example in again] == [example.tokens for example in examples]


@pytest.mark.parametrize(
    ("predictions", "message"),
    [([("X",)], "1 predictions for 2 examples"), ([("X",), ("X", "X")], "1 tokens, but the prediction is")],
)
def test_predictions_must_fit(tmp_path: Path, predictions: list[tuple[str, ...]], message: str):
    path = tmp_path / "file"
    read(ConllU(), path, f"{row('1', 'a')}\n\n{row('1', 'b')}\n")
    with pytest.raises(IsoglossError, match=message):
        ConllU().write(path, predictions, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["1\ta\tX"], "file:3: error: expected 10 columns separated by tabs, found 3"),
        ([row("2", "a")], "file:3: error: expected ID 1, found '2'"),
        ([row("1", "a"), row("x", "b")], "file:4: error: expected ID 2, found 'x'"),
        (
            [row("1", "a"), row("1", "b")],
            "file:4: error: expected ID 2, found '1'; is the blank line between two sentences missing?",
        ),
        ([row("1", "")], "file:3: error: column FORM is empty"),
        ([row("1", "a", "")], "file:3: error: column UPOS is empty"),
        (
            [row("1", "a"), row("2", "b", "_")],
            "file:4: error: UPOS is '_', where other words of the sentence have a tag",
        ),
        ([row("1-2", "a")], "file:3: error: sentence without words"),
    ],
)
def test_a_bad_sentence_is_an_error_and_the_others_are_read(tmp_path: Path, lines: list[str], message: str):
    content = "\n".join([row("1", "good"), "", *lines, "", row("1", "fine"), ""])
    examples, problems = read(ConllU(), tmp_path / "file", content)
    assert [(example.id, example.tokens) for example in examples] == [("1", ("good",)), ("3", ("fine",))]
    assert problems == [message]


def test_repeated_ids_are_made_unique(tmp_path: Path):
    block = f"# sent_id = a\n{row('1', 'x')}\n\n"
    examples, problems = read(ConllU(), tmp_path / "file", block * 2 + block.replace("= a", "= a#2") + block)
    assert [example.id for example in examples] == ["a", "a#3", "a#2", "a#4"]
    assert problems == ["file:5: warning: duplicate id, made unique by a number at its end (2 times, first here)"]


@pytest.mark.parametrize("form", ["_", "____"])
def test_forms_that_were_taken_out_are_an_error_that_says_where_they_are(tmp_path: Path, form: str):
    stripped = f"{row('1', form)}\n{row('2', form)}\n\n"
    _, problems = read(ConllU(), tmp_path / "file", f"# sent_id = a\n{stripped}{stripped}{row('1', 'a')}\n")
    (problem,) = [problem for problem in problems if ": error: " in problem]
    assert problem.startswith("file:2: error: 2 of 3 sentences have '_' for every word: the treebank is distributed")
    assert "README.md (github.com/UniversalDependencies, one repository a treebank) says where the text is" in problem


def test_a_sentence_of_underscores_among_others_is_a_warning(tmp_path: Path):
    others = "".join(f"{row('1', word)}\n{row('2', '_')}\n\n" for word in "ab")
    examples, problems = read(
        ConllU(), tmp_path / "file", f"{others}{row('1', '_')}\n{row('2', '_')}\n\n{row('1', '_')}\n"
    )
    assert len(examples) == 4
    assert problems == ["file:7: warning: every word of the sentence is '_': has its text been taken out?"]


def test_a_form_may_be_white_space_of_unicode(tmp_path: Path):
    (example,), problems = read(ConllU(), tmp_path / "file", f"{row('1', chr(0xA0))}\n{row('2', chr(0x3000))}\n")
    assert (example.tokens, problems) == (("\u00a0", "\u3000"), [])


def words_written(tmp_path: Path, *lines: str):
    (example, *_), problems = read(ConllU(), tmp_path / "file", "\n".join([*lines, ""]))
    assert example.spaces is not None
    assert len(example.spaces) == len(example.tokens)
    text = "".join(" " * space + token for token, space in zip(example.tokens, example.spaces, strict=True))
    return text, problems


def tight(number: str, form: str, tag: str = "X"):
    return row(number, form, tag).removesuffix("_") + "Foo=Bar|SpaceAfter=No"


DONT = [row("1", "I"), tight("2-3", "don't", "_"), row("2", "do"), row("3", "n't"), row("4", ".")]


def test_a_file_that_marks_spaces_says_where_they_are(tmp_path: Path):
    assert words_written(tmp_path, *DONT) == ("I don't.", [])
    assert words_written(tmp_path, *DONT[:-1], row("3.1", "ghost", "_"), row("4", "("))[0] == "I don't("
    # Marked elsewhere in the file is marked: here a space is meant to stand before the full stop.
    assert words_written(tmp_path, row("1", "a"), row("2", "."), "", *DONT)[0] == "a ."


def test_the_text_says_where_spaces_are(tmp_path: Path):
    assert words_written(tmp_path, "# text = I don't .", *DONT) == ("I don't .", [])
    assert words_written(tmp_path, "# text = vámonos ya", row("1-2", "vámonos", "_"), row("1", "vamos"),
                         row("2", "nos"), row("3", "ya")) == ("vamos nos ya", [])  # fmt: skip


def test_a_text_of_other_words_is_a_warning(tmp_path: Path):
    other = "file:1: warning: # text is not that of the words: spaces between them by "
    assert words_written(tmp_path, "# text = I do.", *DONT) == ("I don't.", [f"{other}SpaceAfter"])
    plain = ["# text = 他 喜", row("1", "他"), row("2", "喜欢"), row("3", ".")]
    assert words_written(tmp_path, *plain) == ("他喜欢.", [f"{other}the rules of its script"])
    assert words_written(tmp_path, *plain, "", *plain)[1] == [f"{other}the rules of its script (2 times, first here)"]


def test_a_file_that_says_nothing_has_the_spaces_of_its_script(tmp_path: Path):
    assert words_written(tmp_path, row("1", "他"), row("2", "喜欢"), row("3", "。")) == ("他喜欢。", [])


@pytest.mark.parametrize(
    ("surface", "words", "text"),
    [
        ("dámelo", ["dá", "me", "lo"], "x dámelo y"),
        ("du", ["de", "le"], "x de le y"),
        ("zum", ["zu", "dem"], "x zu dem y"),
        ("وقال", ["و", "قال"], "x وقال y"),
        ("Im", ["im", ""], None),
    ],
)
def test_words_of_a_multiword_token_are_together_if_they_spell_it(
    tmp_path: Path, surface: str, words: list[str], text: str | None
):
    if text is None:
        words = ["I", "n"]  # another case is another spelling
        text = "x I n y"
    last = 1 + len(words)
    inner = [row(str(number), word) for number, word in enumerate(words, start=2)]
    lines = [row("1", "x"), row(f"2-{last}", surface, "_"), *inner, row(str(last + 1), "y")]
    assert words_written(tmp_path, *lines) == (text, [])


@pytest.mark.parametrize("bad", ["2-9", "3-2", "1-2", "2-" + "9" * 5000])
def test_a_range_that_does_not_fit_is_none(tmp_path: Path, bad: str):
    text, problems = words_written(tmp_path, row("1", "a"), row(bad, "bc", "_"), row("2", "b"), row("3", "c"))
    assert (text, problems) == ("a b c", [])


def test_a_renamed_placeholder_is_a_tag(tmp_path: Path):
    path = tmp_path / "en.conllu"
    rest = "\t_" * 6
    path.write_text(f"1\tYes\t_\tNOUN{rest}\n2\tx\t_\t_{rest}\n\n1\ty\t_\t_{rest}\n\n", encoding="utf-8")
    problems = Problems()
    sentences = ConllU().read(path, "en", problems, {"_": "X"})
    assert not problems.errors
    assert [sentence.tags for sentence in sentences] == [("NOUN", "X"), ("X",)]
