"""A campaign's report: what was found and what was looked at, as Markdown and as one page of HTML."""
