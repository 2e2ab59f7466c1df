"""A plot as SVG for a page: lines in the page's own colours, light or dark, with an alternative text."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 640, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 84, 16, 34, 44
_TICKS = 5


@dataclass(frozen=True, slots=True)
class Series:
    """One line.

    Attributes:
        points: (x, y), ascending in x.
        step: The value stays until the next point.
    """

    label: str
    points: Sequence[tuple[float, float]]
    step: bool = False


def plot(
    series: Sequence[Series],
    *,
    title: str,
    x_label: str,
    y_label: str,
    x_words: Callable[[float], str] = lambda value: f"{value:,.6g}",
    y_words: Callable[[float], str] = lambda value: f"{value:,.6g}",
    log: bool = False,
) -> str:
    """An <svg> element with axes, a legend and one line for each series.

    Lines differ by colour and by dashes. Colours are the CSS variables --series-0 to --series-5, with
    fallbacks.

    Args:
        series: The lines.
        title: The title, and the alternative text.
        x_label: The label of the horizontal axis.
        y_label: The label of the vertical axis.
        x_words: Formats a number of the horizontal axis.
        y_words: Formats a number of the vertical axis.
        log: Whether both axes are logarithmic; what is not above 0 is left out.
    """
    shown = [
        Series(one.label, [(x, y) for x, y in one.points if not log or (x > 0 and y > 0)], one.step)
        for one in series
    ]
    xs = [x for one in shown for x, _ in one.points] or [0.0, 1.0]
    ys = [y for one in shown for _, y in one.points] or [0.0, 1.0]
    across = _Scale(min(xs), max(xs), _LEFT, WIDTH - _RIGHT, log)
    up = _Scale(min(ys) if log else min(0.0, *ys), max(ys), HEIGHT - _BOTTOM, _TOP, log)
    parts = [
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" xmlns="http://www.w3.org/2000/svg">',
        f"<title>{escape(title)}</title>",
        f"<desc>{escape(_description(shown, x_words, y_words))}</desc>",
        '<g fill="none" stroke="currentColor" stroke-opacity="0.25">',
        *(f'<path d="M{_LEFT} {up(y):.1f}H{WIDTH - _RIGHT}"/>' for y in up.ticks()),
        "</g>",
        '<g fill="currentColor" font-size="11" font-family="system-ui, sans-serif">',
        *(
            f'<text x="{_LEFT - 6}" y="{up(y) + 4:.1f}" text-anchor="end">{escape(y_words(y))}</text>'
            for y in up.ticks()
        ),
        *(
            f'<text x="{across(x):.1f}" y="{HEIGHT - _BOTTOM + 16}" text-anchor="middle">'
            f"{escape(x_words(x))}</text>"
            for x in across.ticks()
        ),
        f'<text x="{(WIDTH + _LEFT) / 2:.0f}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x_label)}</text>',
        f'<text x="4" y="18">{escape(y_label)}</text>',
        "</g>",
    ]
    for number, one in enumerate(shown):
        parts += _line(number, one, across, up)
    parts.append("</svg>")
    return "\n".join(parts)


class _Scale:
    """Values to places on the page."""

    def __init__(self, low: float, high: float, start: float, end: float, log: bool) -> None:
        self.low, self.high = (low, high) if high > low else (low, low + 1)
        self._start, self._end, self._log = start, end, log

    def __call__(self, value: float) -> float:
        if self._log:
            low, high = math.log10(self.low), math.log10(self.high)
            share = (math.log10(value) - low) / (high - low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self._start + share * (self._end - self._start)

    def ticks(self) -> list[float]:
        """Round values inside."""
        if self._log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            powers = [10.0**power for power in range(first, last + 1)]
            return powers if len(powers) > 1 else [self.low, self.high]
        raw = (self.high - self.low) / _TICKS
        power = 10.0 ** math.floor(math.log10(raw))
        step = next(s * power for s in (1, 2, 2.5, 5, 10) if s * power >= raw)
        first = math.ceil(self.low / step)
        count = int((self.high - first * step) / step + 1e-9) + 1
        return [round((first + i) * step, 10) for i in range(count)]


_COLOURS = ("#1f6feb", "#c2410c", "#15803d", "#7c3aed", "#b45309", "#0e7490")
_DASHES = ("", "6 3", "2 3", "8 3 2 3", "4 4", "1 4")


def _line(number: int, one: Series, across: _Scale, up: _Scale) -> list[str]:
    colour = f"var(--series-{number % 6}, {_COLOURS[number % 6]})"
    words = []
    before: float | None = None
    for x, y in one.points:
        if one.step and before is not None:
            words.append(f"L{across(x):.1f} {up(before):.1f}")
        words.append(f"{'L' if words else 'M'}{across(x):.1f} {up(y):.1f}")
        before = y
    dash = f' stroke-dasharray="{_DASHES[number % 6]}"' if _DASHES[number % 6] else ""
    legend = _TOP + 14 + 16 * number
    return [
        f'<path d="{" ".join(words)}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'
        if words
        else "",
        f'<path d="M{_LEFT + 10} {legend - 4}h22" stroke="{colour}" stroke-width="2"{dash}/>',
        f'<text x="{_LEFT + 38}" y="{legend}" font-size="12" font-family="system-ui, sans-serif"'
        f' fill="currentColor">{escape(one.label)}</text>',
    ]


def _description(
    shown: Sequence[Series], x_words: Callable[[float], str], y_words: Callable[[float], str]
) -> str:
    return "; ".join(
        f"{one.label}: from {y_words(one.points[0][1])} at {x_words(one.points[0][0])}"
        f" to {y_words(one.points[-1][1])} at {x_words(one.points[-1][0])}"
        for one in shown
        if one.points
    )
