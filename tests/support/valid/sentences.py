"""Random valid files of tagged sentences."""

from __future__ import annotations

from hypothesis import strategies as some

from isogloss.data import ConllU, TokenTag
from tests.support.odd_text import PARTS_OF_SPEECH, chunk_tags, texts, words
from tests.support.valid.file import IN_LINES, LAYOUTS, Valid, unlabelled


@some.composite
def conllu(draw: some.DrawFn) -> Valid:
    columns = texts(IN_LINES + "\t", 2)
    lines, labelled, examples, predictions = [], [], [], []
    for number in range(1, draw(some.integers(1, 3)) + 1):
        forms = draw(some.lists(words(IN_LINES + "\t"), min_size=1, max_size=4))
        tags = draw(some.one_of(some.none(), some.lists(PARTS_OF_SPEECH, min_size=len(forms), max_size=len(forms))))
        predicted = draw(some.lists(PARTS_OF_SPEECH, min_size=len(forms), max_size=len(forms)))
        named = draw(some.booleans())
        head = [f"# sent_id = ид-{number}\u200d"] if named else []
        if draw(some.booleans()):
            head.append("# " + draw(columns).replace("=", ""))
        spaces = [False, *draw(some.lists(some.booleans(), min_size=len(forms) - 1, max_size=len(forms) - 1))]
        written = not any(character.isspace() for form in forms for character in form) and draw(some.booleans())
        if written:
            spelt = "".join(" " * space + form for space, form in zip(spaces, forms, strict=True))
            head.append(f"# text = {spelt}")
        rows = list[tuple[str, str | None]]()
        if draw(some.booleans()) and len(forms) > 1 and not written:
            rows.append((f"1-2\t{draw(columns)}\t{{}}{TAIL}".replace("\t{}", "\t_", 1), None))
        for place, form in enumerate(forms, start=1):
            rest = f"{place}\t{form}\t{draw(columns)}"
            rows.append((rest, predicted[place - 1]))
        if draw(some.booleans()):
            rows.append((f"{len(forms)}.1\t{draw(columns)}\t_{TAIL}", None))
        first = len(lines) + len(head) + 1 + (rows[0][1] is None)
        own = iter(tags or ["_"] * len(forms))
        lines += [*head, *(start if tag is None else f"{start}\t{next(own)}{TAIL[2:]}" for start, tag in rows), ""]
        labelled += [*head, *(start if tag is None else f"{start}\t{tag}{TAIL[2:]}" for start, tag in rows), ""]
        name = f"ид-{number}\u200d" if named else str(number)
        known = (tuple(spaces),) if written else ()
        examples.append((name, tuple(forms), tags and tuple(tags), first, *known))
        predictions.append(tuple(predicted))
    layout = draw(LAYOUTS)
    return Valid(
        ConllU(),
        layout.name("a.conllu"),
        layout.stored(lines),
        examples,
        predictions,
        layout.stored(labelled),
        unlabelled([example[2] for example in examples]),
    )


TAIL = "\t_" * 7
"""UPOS and the columns after it."""


@some.composite
def conll(draw: some.DrawFn) -> Valid:
    separator = draw(some.sampled_from(["\t", " "]))
    width = draw(some.integers(1, 4))
    place = draw(some.integers(0, width - 1))
    others = [at for at in range(width) if at != place]
    tag_place = draw(some.sampled_from([None, *others]))
    header = [f"col{at}\u00a0x" for at in range(width)]
    kind = draw(some.sampled_from(["default", "positions", "names"]))
    if kind == "default":
        place, tag_place, columns = 0, None if width == 1 else width - 1, None
    else:
        found = {"tokens": place} | ({} if tag_place is None else {"tags": tag_place})
        columns = found if kind == "positions" else {ours: header[at] for ours, at in found.items()}
    forbidden = IN_LINES + "\t:#" + ("" if separator == "\t" and width > 1 else " ")
    token = words(forbidden)
    if separator == "\t" and width > 1:
        token = some.one_of(token, some.sampled_from(["#", "#MeToo", "##"]))
    lines, labelled, examples, predictions = [], [], [], []
    if kind == "names":
        lines.append(separator.join(header))
        added = [] if tag_place is not None else ["tags"]
        labelled.append((separator if width > 1 else "\t").join([lines[0], *added]))
        if draw(some.booleans()):
            lines.append("")
            labelled.append("")
    chunks = draw(some.booleans())

    def tags_of(number: int) -> list[str]:
        return draw(chunk_tags(number) if chunks else some.lists(PARTS_OF_SPEECH, min_size=number, max_size=number))

    for number in range(1, draw(some.integers(1, 3)) + 1):
        tokens = draw(some.lists(token, min_size=1, max_size=4))
        tags, predicted = tags_of(len(tokens)), tags_of(len(tokens))
        sentence_id = str(number)
        if draw(some.booleans()) and (kind != "names" or lines[-1] == ""):
            lines.append("# text = \u2028x")
            if draw(some.booleans()):
                sentence_id = f"{number}\u2028x"
                lines.append(f"# sent_id = {sentence_id}")
            labelled += lines[-2:] if sentence_id != str(number) else lines[-1:]
        first = len(lines) + 1
        for form, tag, new in zip(tokens, tags, predicted, strict=True):
            row = ["ne\u0301"] * width
            row[place] = form
            if tag_place is not None:
                row[tag_place] = tag
            lines.append(separator.join(row))
            if tag_place is None:
                labelled.append((separator if width > 1 else "\t").join([lines[-1], new]))
            else:
                row[tag_place] = new
                labelled.append(separator.join(row))
        lines.append("")
        labelled.append("")
        examples.append((sentence_id, tuple(tokens), None if tag_place is None else tuple(tags), first))
        predictions.append(tuple(predicted))
    layout = draw(LAYOUTS)
    name, content = layout.name("a.conll"), layout.stored(lines)
    new = None if columns is None else {"tags": width if kind == "positions" else "tags", **columns}
    stored = layout.stored(labelled)
    return Valid(TokenTag(columns), name, content, examples, predictions, stored, again=TokenTag(new))
