"""One page of HTML that opens offline: a template, filled in, with the style that all pages share."""

from __future__ import annotations

from importlib import resources

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from ccheck.text.printable import printable


def page(package: str, template: str, **values: object) -> str:
    """Fill in a template of a package. Every value is escaped except `Markup`.

    The template has `style`, and the filter `printable`, which makes terminal control characters visible.
    """
    env = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    env.filters["printable"] = printable
    text = resources.files(package).joinpath(template).read_text(encoding="utf-8")
    style = resources.files("ccheck.report").joinpath("page.css").read_text(encoding="utf-8")
    # The style is a file of this package; nothing of content is in it.
    return env.from_string(text).render(style=Markup(style), **values)  # noqa: S704 - see above
