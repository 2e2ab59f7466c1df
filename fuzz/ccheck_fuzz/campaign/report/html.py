"""A campaign's report as one page of HTML that opens offline."""

from __future__ import annotations

from datetime import timedelta

from markupsafe import Markup

from ccheck.report.page import page
from ccheck.report.plot import Series, plot
from ccheck_fuzz.campaign.report.account import Account
from ccheck_fuzz.campaign.workers.worker_crashes import headline, last_words
from ccheck_fuzz.execution.options import configuration_of


def render(account: Account) -> str:
    """Returns the page: everything in it, nothing loaded from elsewhere, every text of content escaped."""
    used = configuration_of(account.options)
    return page(
        "ccheck_fuzz.campaign.report",
        "page.html",
        account=account,
        configuration=used,
        worker_crashes=[(headline(one), "\n".join(last_words(one))) for one in account.worker_crashes],
        plots=_plots(account),
    )


def _plots(account: Account) -> list[Markup]:
    def words(seconds: float) -> str:
        return str(timedelta(seconds=round(seconds)))

    reached = plot(
        [
            Series("lines", account.line_growth, step=True),
            Series("features", [(at, features) for at, _, features, _ in account.growth], step=True),
            Series("corpus", [(at, corpus) for at, _, _, corpus in account.growth], step=True),
        ],
        title="Coverage over time",
        x_label="time",
        y_label="reached",
        x_words=words,
    )
    found = plot(
        [Series("findings", account.bucket_growth, step=True)],
        title="Findings over time",
        x_label="time",
        y_label="buckets",
        x_words=words,
    )
    runs = plot(
        [Series("runs", [(at, runs) for at, runs, _, _ in account.growth])],
        title="Runs over time",
        x_label="time",
        y_label="runs",
        x_words=words,
    )
    # plot() escapes every text that it is given.
    return [Markup(one) for one in (reached, found, runs)]  # noqa: S704 - see above
