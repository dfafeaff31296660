"""A model cut to the sub-words that some languages need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isogloss.calls.arguments import codes_of
from isogloss.calls.destination import require_new_folder
from isogloss.calls.required import model_of
from isogloss.calls.trimming.texts import text_sets
from isogloss.common.errors import IsoglossError
from isogloss.common.several import several
from isogloss.run.folder import RunFolder

if TYPE_CHECKING:
    from isogloss.calls.trimming.outcome import Trimmed


def trim(
    model: str | Path,
    *,
    languages: str | Sequence[str],
    text: str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]] = (),
    size: int | None = None,
    min_count: int = 1,
    output: str | Path,
    trust_remote_code: bool = False,
) -> Trimmed:
    """Cut a model's table of sub-words to those that some languages need, and check that it computes the same.

    The sub-words of texts stay, and special tokens, added tokens, and all characters or bytes. A text whose sub-words
    all stay is cut as before and has the same states, bit for bit; another falls into smaller sub-words, and no
    character becomes unknown for lack of what has been cut. Tied output layers and their biases are cut too.

    Args:
        model: Folder of a finished run, which becomes the folder of a run; a model folder, shipped encoder or hub id.
        languages: Codes of languages, separated by commas or one by one.
        text: Templates of files with a text a line, such as ``text/{language}.txt`` (``*.conllu``, ``*.tsv``,
            ``*.csv`` and ``*.jsonl`` are read as what they are), or entries of a recipe's ``text``. None: the training
            and dev texts of the run; a model that is no run has no texts of its own.
        size: Most sub-words of the table, special tokens and characters included: the most frequent ones, each language
            counting alike. None: all that occur.
        min_count: Occurrences from which on a sub-word stays, ≥ 1. Default 1: the texts are cut as before.
        output: The folder; it must not exist, or be empty.
        trust_remote_code: Whether to run Python code that comes with the model; that of a run whose recipe says so is
            run in any case.

    Returns:
        Sub-words and megabytes before and after; by language, sub-words per word and the share of unknown ones.

    Raises:
        IsoglossError: No such model, text or language; a tokenizer that is not a fast one, or neither Unigram nor BPE
            nor WordPiece; a table of other rows than config.json says; a ``size`` too small for what must stay; a
            folder that holds something, or a failed write. Nothing is written then.

    Example:
        >>> import tempfile, isogloss
        >>> files = tempfile.TemporaryDirectory()
        >>> _ = (Path(files.name) / "en.txt").write_text("Eva reads a book.")
        >>> found = isogloss.trim(
        ...     "isogloss-small", languages="en", text=f"{files.name}/{{language}}.txt", output=f"{files.name}/small"
        ... )
        >>> found.languages[0].pieces[0] == found.languages[0].pieces[1], found.sub_words[1] < found.sub_words[0]
        (True, True)
        >>> files.cleanup()
    """
    folder = Path(output).resolve()
    codes = codes_of(languages, "languages")
    for name, number in (("size", size), ("min_count", min_count)):
        if number is not None and number < 1:
            raise IsoglossError(f"{name}: must be 1 or more, found {number}")
    require_new_folder(folder)
    given, run = several(text), RunFolder(Path(model))
    model_of(model)
    if given:
        text_sets(given, codes)
    elif not run.fingerprint.exists():
        raise IsoglossError(
            f"text: {model} is no run, so it has no texts of its own to count sub-words in; name files of each "
            "language, as in --text 'text/{language}.txt'"
        )
    # Here, since torch takes seconds, which whoever has mistyped a name need not wait.
    from isogloss.calls.trimming.cut import cut_model

    return cut_model(
        model, codes, given, size=size, min_count=min_count, output=Path(output), trust_remote_code=trust_remote_code
    )
