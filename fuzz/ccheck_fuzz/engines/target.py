"""A libFuzzer-style harness for one format, as OSS-Fuzz, ClusterFuzzLite and `-merge=1`, `-fork=N` expect.

Unlike a campaign's worker it ends at the first property that is broken, as those tools expect.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from ccheck_fuzz.engines.libfuzzer import Atheris


class PropertyBroken(Exception):
    """An input broke a property; the message says which and how."""


def main(schema: str, config: Path | None = None) -> None:
    """Run libFuzzer with the command line's arguments; ends the process.

    Args:
        schema: The name of the format.
        config: The ccheck.toml that names definitions and consumers.
    """
    engine = Atheris()
    missing = engine.missing()
    if missing is not None:
        sys.exit(missing)
    engine.instrument(("ccheck_interpreter",))
    import atheris

    from ccheck_fuzz.execution.context import prepare_campaign
    from ccheck_fuzz.execution.harness import Harness
    from ccheck_fuzz.execution.options import CampaignOptions
    from ccheck_fuzz.mutate.scheduler import MutationScheduler
    from ccheck_fuzz.oracles.broken import Broken

    path = None if config is None else str(config.resolve())
    made = prepare_campaign(CampaignOptions(schema, config=path, use_config=path is not None))

    def found(data: bytes, broken: Broken) -> None:
        if not broken.information:
            raise PropertyBroken(f"{broken.oracle}: {broken.what}")

    harness = Harness(made, found)
    scheduler = MutationScheduler(made)
    fuzzer: Any = atheris
    # libFuzzer runs argv[0] again for -fork, -merge and -minimize_crash: it must be a whole command.
    command = f"{sys.executable} {Path(sys.argv[0]).resolve()}"
    fuzzer.Setup(
        [command, *sys.argv[1:]],
        harness.run,
        custom_mutator=scheduler.mutate,
        custom_crossover=scheduler.cross,
    )
    fuzzer.Fuzz()
