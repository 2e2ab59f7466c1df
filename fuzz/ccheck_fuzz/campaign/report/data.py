"""A campaign's report as data."""

from __future__ import annotations

import json
from typing import Any

from ccheck import __version__
from ccheck_fuzz.campaign.report.account import Account
from ccheck_fuzz.campaign.state.records import Bucket, Death
from ccheck_fuzz.campaign.workers.deaths import headline
from ccheck_fuzz.execution.setup import configuration_of


def render(account: Account) -> str:
    """Returns the report as JSON: figures, findings, and each death of a process."""
    told = {
        "ccheck": __version__,
        "schema": account.setup.schema,
        "configuration": configuration_of(account.setup),
        "sessions": len(account.sessions),
        "problem": account.problem,
        "runs": account.runs,
        "cpu_seconds": round(account.cpu, 3),
        "lines": account.lines,
        "features": account.features,
        "corpus": account.corpus,
        "findings": [_finding(one.bucket) for one in account.errors],
        "deaths": [_death(one) for one in account.deaths],
    }
    return json.dumps(told, indent=1) + "\n"


def _finding(bucket: Bucket) -> dict[str, Any]:
    return {
        "oracle": bucket.oracle,
        "what": bucket.what,
        "signature": list(bucket.signature),
        "state": bucket.state,
        "hits": bucket.hits,
        "folder": bucket.folder,
    }


def _death(death: Death) -> dict[str, Any]:
    how, _, log = death.detail.partition("\n")
    return {
        "job": None if death.job < 0 else death.job,
        "engine": death.engine,
        "kind": death.kind,
        "finding": death.finding,
        "runs": death.runs,
        "what": headline(death),
        "ended": how,
        "output": log,
    }
