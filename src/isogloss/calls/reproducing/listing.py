"""What there is to reproduce, in words."""

from __future__ import annotations

from collections.abc import Iterator

from isogloss.calls.reproducing.papers import Paper, papers
from isogloss.common.errors import IsoglossError, nearest


def listed(name: str | None = None) -> str:
    """All papers with their settings, or all that is known of one paper.

    Raises:
        IsoglossError: There is no such paper.
    """
    known = papers()
    if name is None:
        return "\n\n".join("\n".join(_short(one, paper)) for one, paper in known.items())
    if name not in known:
        raise IsoglossError(f"reproduce: no paper {name!r}{nearest(name, known)}")
    return "\n".join(_long(name, known[name]))


def _short(name: str, paper: Paper) -> Iterator[str]:
    yield paper.title
    for setting, own in paper.settings.items():
        yield f"  {name}/{setting}: {own.title} ({', '.join(own.arms)})"


def _long(name: str, paper: Paper) -> Iterator[str]:
    yield from (paper.title, paper.url, "", f"Known: {paper.known}")
    yield from (f"Claim: {claim}" for claim in paper.claims)
    for setting, own in paper.settings.items():
        yield from ("", f"{name}/{setting}: {own.title}")
        if own.remark:
            yield f"  {own.remark}"
        for arm, recipe in own.arms.items():
            yield f"  {arm}: recipe {recipe.recipe}{f'; {recipe.remark}' if recipe.remark else ''}"
        sources = list(dict.fromkeys(figures.source for figures in own.stated))
        yield f"  figures: {'; '.join(sources) or 'none known to us'}"
        for language, reason in own.unlike.items():
            yield f"  not compared: {language}: {reason}"
        yield from (f"  scale {scale} takes {command}" for scale, commands in own.needs.items() for command in commands)
        yield from (f"  measured: {page}" for page in own.pages)
    if paper.left_out:
        yield from ("", "Not here:")
        yield from (f"  {what}: {reason}" for what, reason in paper.left_out.items())
