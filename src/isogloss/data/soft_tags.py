r"""Files of soft tags: for each token how probable each tag is, as a teacher says it, or as tags were projected.

The first line names the tags, ``# labels = ADJ;NOUN;VERB``: without the order, numbers say nothing. Then one token a
line, a tab, and its probabilities in that order with ``;`` between them; or one tag, which is certain; or ``_`` where
nothing is known of the token. A blank line ends a sentence, and comments before it say its id (``# sent_id = ``) and
what it is a translation of (``# original = ``). But
for the first line it is what the released code of X-Mixup reads (``token<TAB>p1;p2;...;pK``).
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from isogloss.common.errors import IsoglossError, nearest
from isogloss.data.chunks import renamed_tag
from isogloss.data.column_lines import ORIGINAL, SENTENCE_ID
from isogloss.data.delimiters import TAB
from isogloss.data.formats import finish
from isogloss.data.labels import NO_TAG, SAME_NAMES
from isogloss.data.lines import is_blank, read_lines, to_bytes
from isogloss.data.problems import Problems
from isogloss.examples import SoftTags, TaggedSentence

LABELS = re.compile(r"#\s*labels\s*=\s*(.*\S)")
BETWEEN = ";"
SHARES = re.compile(r"[^\t]+\t[0-9.eE+-]+(;[0-9.eE+-]+)+\s*")
ROUNDING = 1e-3
"""How far probabilities may sum to something else than 1: files are written with a few digits."""


def holds_soft_tags(path: Path) -> bool:
    """Whether a file has soft tags: its first line names the tags in their order, or its first token has numbers."""
    lines = read_lines(path, Problems())
    if lines and LABELS.fullmatch(lines[0]):
        return True
    return SHARES.fullmatch(next((line for line in lines if not (is_blank(line) or _is_comment(line))), "")) is not None


@dataclass(frozen=True)
class SoftTagLines:
    """Files of soft tags, see above."""

    def read(
        self, path: Path, language: str, problems: Problems, label_map: Mapping[str, str] = SAME_NAMES
    ) -> list[TaggedSentence]:
        """The good sentences of the file, with soft tags and no others."""
        lines = read_lines(path, problems)
        first = LABELS.fullmatch(lines[0]) if lines else None
        if first is None:
            if lines:
                problems.error(
                    path, 1, f"expected the tags in their order, '# labels = ADJ;NOUN;VERB', found {lines[0][:60]!r}"
                )
            return []
        named = [label.strip() for label in first[1].split(BETWEEN)]
        labels = tuple(renamed_tag(label, label_map) for label in named)
        if len(set(labels)) < len(labels) or "" in labels or len(labels) < 2:
            problems.error(path, 1, f"expected two different tags or more, none empty, found {', '.join(labels)}")
            return []
        sentences = []
        numbered = enumerate(lines[1:], start=2)
        blocks = (list(block) for blank, block in itertools.groupby(numbered, lambda at: is_blank(at[1])) if not blank)
        for number, block in enumerate(blocks, start=1):
            comments = [line for _, line in block if _is_comment(line)]
            rows = [(at, line) for at, line in block if not _is_comment(line)]
            shares = [_shares(at, line, named, path, problems) for at, line in rows]
            if not rows or any(row is None for row in shares):
                continue
            names = [match[1] for line in comments if (match := SENTENCE_ID.match(line))]
            soft = SoftTags(labels, np.array(shares, dtype=np.float32), str(path))
            tokens = tuple(line.split(TAB.separator)[0] for _, line in rows)
            own = (names[-1] if names else str(number), language, tokens, None, str(path), rows[0][0])
            before = next((match[1] for line in comments if (match := ORIGINAL.match(line))), None)
            sentences.append(TaggedSentence(*own, soft=soft, original=before, numbered=not names))
        if sentences and not any(one.soft is not None and one.soft.shares.any() for one in sentences):
            problems.error(
                path, 2, f"every tag is {NO_TAG!r}, so nothing can be learned: a tag, or probabilities, expected"
            )
            return []
        return finish(sentences, path, problems)

    def dump(self, sentences: Sequence[TaggedSentence]) -> bytes:
        r"""The content of a file from which `read` gives these sentences, with soft tags over the same labels.

        Raises:
            IsoglossError: A label or token cannot be written: it holds a ``;``, a tab or a line feed.

        Example:
            >>> soft = SoftTags(("NOUN", "VERB"), np.array([[0.25, 0.75], [0, 0]]))
            >>> SoftTagLines().dump([TaggedSentence("a", "en", ("run", "!"), None, soft=soft)]).decode().splitlines()
            ['# labels = NOUN;VERB', '# sent_id = a', 'run\t0.25;0.75', '!\t_', '']
        """
        assert sentences[0].soft is not None
        return to_bytes(self.lines(sentences[0].soft.labels, ((one, ()) for one in sentences)))

    def lines(self, labels: Sequence[str], sentences: Iterable[tuple[TaggedSentence, Sequence[str]]]) -> Iterable[str]:
        """The lines of a file, each sentence with comments of its own."""
        for label in labels:
            if BETWEEN in label or label != label.strip() or label == NO_TAG:
                raise IsoglossError(f"tag {label!r} cannot stand in a file of soft tags, where ';' separates tags")
        yield f"# labels = {BETWEEN.join(labels)}"
        for sentence, comments in sentences:
            assert sentence.soft is not None
            yield f"# sent_id = {sentence.id}"
            if sentence.original is not None:
                yield f"# original = {sentence.original}"
            yield from comments
            for token, row in zip(sentence.tokens, sentence.soft.shares.tolist(), strict=True):
                yield TAB.join([token, _cell(row, labels)])
            yield ""


def _is_comment(line: str) -> bool:
    return line.startswith("#") and TAB.separator not in line


def _cell(row: Sequence[float], labels: Sequence[str]) -> str:
    if not any(row):
        return NO_TAG
    if max(row) == sum(row):
        return labels[row.index(max(row))]
    return BETWEEN.join(f"{share:.6g}" for share in row)


def _shares(number: int, line: str, labels: Sequence[str], path: Path, problems: Problems) -> list[float] | None:
    """The probabilities of a line; None: it is malformed, which is noted."""
    columns = line.split(TAB.separator)
    if len(columns) != 2 or is_blank(columns[0]):
        problems.error(path, number, f"expected a token, a tab and its probabilities, found {line[:60]!r}")
        return None
    cell = columns[1].strip()
    if cell == NO_TAG:
        return [0.0] * len(labels)
    if cell in labels:
        return [float(label == cell) for label in labels]
    parts = cell.split(BETWEEN)
    if len(parts) != len(labels):
        hint = nearest(cell, labels) if len(parts) == 1 else ""
        problems.error(
            path, number, f"expected {len(labels)} probabilities, one for each tag in the first line, found "
            f"{len(parts)}: {cell[:60]!r}{hint}",
        )  # fmt: skip
        return None
    try:
        row = [float(part) for part in parts]
    except ValueError:
        problems.error(path, number, f"expected numbers, found {cell[:60]!r}")
        return None
    if any(not 0 <= share <= 1 for share in row):
        problems.error(path, number, f"expected probabilities from 0 to 1, found {cell[:60]!r}")
        return None
    if not math.isclose(sum(row), 1, abs_tol=ROUNDING):
        problems.error(path, number, f"the probabilities of {columns[0]!r} sum to {sum(row):.4g}, expected 1")
        return None
    return row
