"""The corpus's channel files and what they are judged by, as a campaign's setup."""

from __future__ import annotations

from dataclasses import replace

from ccheck_fuzz.execution.options import CampaignOptions
from tests.conftest import ROOT

CORPUS = ROOT / "corpus" / "channel"
STORY = CORPUS / "field-past-inputs"
MARCH = (STORY / "good" / "C-00000291-00000000-00000001.bin").read_bytes()
JULY = (STORY / "bad" / "C-00000291-00000000-00000032.bin").read_bytes()
ON = "2026-01-01"


def options(**changes: object) -> CampaignOptions:
    """The setup of the corpus, with changes."""
    known = CampaignOptions("channel", config=str(CORPUS / "ccheck.toml"), on=ON)
    return replace(known, **changes)  # type: ignore[arg-type]  # the changes are a test's own
