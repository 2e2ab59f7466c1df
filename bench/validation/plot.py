"""A plot of how cost grows with size, as SVG: both axes logarithmic, one line for each reader."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 230, 20, 50
COLOURS = ("#1b6ca8", "#d1495b", "#2e933c", "#8d6a9f", "#c98b1b", "#555555", "#17a2a2", "#000000")

Line = Sequence[tuple[float, float]]


def plot(lines: Mapping[str, Line], title: str) -> str:
    """The SVG. lines: points (bytes, seconds) by name."""
    xs = [x for line in lines.values() for x, _ in line]
    ys = [y for line in lines.values() for _, y in line]
    low_x, high_x = math.log10(min(xs)), math.log10(max(xs))
    low_y, high_y = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))

    def place(x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - low_x) / (high_x - low_x)
        up = (math.log10(y) - low_y) / (high_y - low_y)
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12"><title>{title}</title>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for power in range(low_y, high_y + 1):
        _, y = place(min(xs), 10.0**power)
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        out.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_seconds(power)}</text>')
    for x in sorted({x for line in lines.values() for x, _ in line}):
        across, _ = place(x, 10.0**low_y)
        words = f"{x / 1e6:.1f} MB" if x >= 1e6 else f"{x / 1e3:.0f} KB"
        out.append(f'<text x="{across:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{words}</text>')
    ends = sorted((place(*line[-1])[1], name) for name, line in lines.items())
    shown = -math.inf
    for y, name in ends:
        colour = COLOURS[list(lines).index(name) % len(COLOURS)]
        points = " ".join(f"{x:.1f},{up:.1f}" for x, up in (place(*point) for point in lines[name]))
        out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        shown = max(y, shown + 14)
        out.append(f'<text x="{WIDTH - RIGHT + 8}" y="{shown + 4:.1f}" fill="{colour}">{name}</text>')
    out.append(f'<text x="{LEFT}" y="{HEIGHT - 8}">{title}</text></svg>\n')
    return "\n".join(out)


def _seconds(power: int) -> str:
    value = 10.0**power
    if value >= 1:
        return f"{value:.0f} s"
    return f"{value * 1e3:.0f} ms" if value >= 1e-3 else f"{value * 1e6:.0f} µs"
