"""All files of a release against all checks, and so against every build in the support window."""

from __future__ import annotations

from ccheck.core.contract import readers
from ccheck.release.drivers import folder_problems
from ccheck.release.gate.context import GateContext
from ccheck.release.gate.result import Stage, concluded
from ccheck.report.summary import unread_words
from ccheck.text.quoting import counted


def _compared(context: GateContext) -> set[str]:
    """Returns the names of the builds that read any of the files."""
    used = context.validation.context
    schemas = {subject.schema.name: subject.schema for subject in context.subjects.values() if subject.schema}
    return {build.name for schema in schemas.values() for build in readers(used.consumers, schema, used.on)}


def run(context: GateContext) -> Stage:
    """Judge each file, and compare the builds with the drivers that they were read out of."""
    used = context.validation.context
    builds = () if used.consumers is None else used.consumers.supported(used.on)
    failures = []
    for file, report in zip(context.files, context.reports, strict=True):
        if report.verdict != "pass":
            words = [f"{f.check}: {f.message}" for f in report.findings if f.severity == "error"]
            words += [said for _, said in report.gaps]
            more = f" (and {len(words) - 1} more)" if len(words) > 1 else ""
            failures.append(f"{file.identity.name}: {words[0]}{more}")
    if context.policy.drivers is not None:
        failures += [f"drivers: {one}" for one in folder_problems(builds, context.policy.drivers)]
    examined = {
        "files": len(context.reports),
        "checks": sum(report.checks_run for report in context.reports),
        "consumers": len(_compared(context)),
    }
    # Builds alone are nothing that was examined.
    if not context.reports:
        examined = dict.fromkeys(examined, 0)
    details = {
        "files": [
            {
                "name": file.identity.name,
                "verdict": report.verdict,
                "checks": sorted({finding.check for finding in report.findings}),
                "suppressed": len(report.suppressed) + report.suppressed_beyond,
                **({"not_looked_into": unread} if (unread := unread_words(report)) else {}),
            }
            for file, report in zip(context.files, context.reports, strict=True)
        ]
    }
    left = sum(report.unread for report in context.reports)
    summary = f"{counted(len(context.reports), 'file')} passed {counted(examined['checks'], 'check')}"
    summary += f"; {counted(left, 'byte')} not looked into" if left else ""
    aside = sum(len(report.suppressed) + report.suppressed_beyond for report in context.reports)
    summary += f"; {counted(aside, 'finding')} suppressed" if aside else ""
    return concluded("validate", examined, summary=summary, failures=failures, details=details)
