"""The options of hunts in files of a format, and the seeds of every searcher."""

from __future__ import annotations

from bench.fuzz.zoo.plant import FOLDER, ROOT
from ccheck_fuzz.execution.options import CampaignOptions

CORPUS = ROOT / "corpus"
_SEEDS = {
    "channel": (
        "channel/field-past-inputs/good/C-00000291-00000000-00000001.bin",
        "channel/instances.bin",
        "channel/regex-invalid/good/nested-repetition.bin",
        "channel/not-canonical/good/first-use-first.bin",
    ),
    "sysmon": ("sysmon/base.bin",),
    "regdb": ("regdb/base.bin", "regdb/base-19.bin"),
    "devicetree": ("devicetree/base.bin",),
    "apparmor": (
        "apparmor/base.bin",
        "apparmor/apparmor-chain-endless/good/ends.bin",
        "apparmor/apparmor-exec-index-outside/good/name_0_of_1.bin",
        "apparmor/apparmor-start-outside/good/last_state.bin",
    ),
}


def setup_of(format_: str) -> CampaignOptions:
    """A campaign for files of the format, with all oracles."""
    if format_ != "channel":
        return CampaignOptions(format_, use_config=False, on="2026-01-01")
    definitions = str(CORPUS / "channel" / "definitions.bin")
    consumers = str(FOLDER / "consumers.toml")
    return CampaignOptions(
        format_, use_config=False, definitions=(definitions,), consumers=consumers, on="2026-01-01"
    )


def seeds_of(format_: str) -> list[bytes]:
    """Files without faults."""
    return [(CORPUS / name).read_bytes() for name in _SEEDS[format_]]
