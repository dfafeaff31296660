"""Whether the Hugging Face hub answers."""

from __future__ import annotations

import time
from collections.abc import Iterator

from huggingface_hub import constants, get_session, get_token

from isogloss.calls.health.finding import Finding

SECONDS = 5
"""How long is waited."""


def hub() -> Iterator[Finding]:
    """Whether the hub answers, and whether there is a token for it. Training needs neither: it reads files."""
    without = "models and data then come from folders on this machine: model: FOLDER, isogloss data get --offline"
    if constants.HF_HUB_OFFLINE:
        yield Finding("hub", "note", "not asked, by HF_HUB_OFFLINE", without)
        return
    begun = time.perf_counter()
    try:
        status = get_session().get(f"{constants.ENDPOINT}/api/whoami-v2", timeout=SECONDS).status_code
    except Exception as error:  # whatever the HTTP library of the day raises
        reason = " ".join(str(error).split()) or type(error).__name__
        yield Finding(
            "hub", "note", f"{constants.ENDPOINT} does not answer ({reason})", f"{without}; HF_ENDPOINT names a mirror"
        )
        return
    token = "there is a token" if get_token() else "no token: enough for what is public"
    told = f"{constants.ENDPOINT} answers ({status}) in {time.perf_counter() - begun:.1f} s; {token}"
    yield Finding("hub", "good", told)
