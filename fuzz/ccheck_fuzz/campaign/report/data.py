"""A campaign's report as data."""

from __future__ import annotations

import json
from typing import Any

from ccheck import __version__
from ccheck_fuzz.campaign.report.account import Account
from ccheck_fuzz.campaign.state.records import Bucket, WorkerCrash
from ccheck_fuzz.campaign.workers.worker_crashes import headline
from ccheck_fuzz.execution.options import configuration_of


def render(account: Account) -> str:
    """Returns the report as JSON: figures, findings, and each crash of a process."""
    report = {
        "ccheck": __version__,
        "schema": account.options.schema,
        "configuration": configuration_of(account.options),
        "sessions": len(account.sessions),
        "problem": account.problem,
        "runs": account.runs,
        "cpu_seconds": round(account.cpu, 3),
        "lines": account.lines,
        "features": account.features,
        "corpus": account.corpus,
        "findings": [_finding(one.bucket) for one in account.errors],
        "worker_crashes": [_crash(one) for one in account.worker_crashes],
    }
    return json.dumps(report, indent=1) + "\n"


def _finding(bucket: Bucket) -> dict[str, Any]:
    return {
        "oracle": bucket.oracle,
        "what": bucket.what,
        "signature": list(bucket.signature),
        "state": bucket.state,
        "hits": bucket.hits,
        "folder": bucket.folder,
    }


def _crash(crash: WorkerCrash) -> dict[str, Any]:
    how, _, log = crash.detail.partition("\n")
    return {
        "job": None if crash.job < 0 else crash.job,
        "engine": crash.engine,
        "kind": crash.kind,
        "finding": crash.finding,
        "runs": crash.runs,
        "what": headline(crash),
        "ended": how,
        "output": log,
    }
