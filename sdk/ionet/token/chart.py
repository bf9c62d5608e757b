"""Stacked areas over years, as an SVG document that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final
from xml.sax.saxutils import escape

_WIDTH: Final = 1_000
_HEIGHT: Final = 560
#: Room around the areas: for numbers, labels, the title, and years.
_LEFT: Final = 64
_RIGHT: Final = 212
_TOP: Final = 84
_BOTTOM: Final = 52
_INK: Final = "#1f2933"
_FAINT: Final = "#52606d"
_GRID: Final = "#d9dee4"
_FONT: Final = "font-family=\"system-ui, 'Segoe UI', 'DejaVu Sans', Helvetica, Arial, sans-serif\""
#: Pixels between two labels.
_LINE: Final = 19


@dataclass(frozen=True, slots=True)
class Line:
    """An area: its label, colour, and thickness at each month."""

    label: str
    colour: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of the upper edge, with a label above it at the height `text_at`."""

    month: int
    value: float
    text: str
    text_at: float


def area_chart(
    lines: Sequence[Line], *, title: str, subtitle: str, years: int, most: float, marks: Sequence[Mark]
) -> str:
    """The document.

    Args:
        lines: from the lowest area to the highest, a value for each month from 0.
        title: what is shown.
        subtitle: units and what is left out.
        years: length of the horizontal axis.
        most: height of the vertical axis.
        marks: labelled points.
    """
    months = years * 12

    def x(month: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * month / months

    def y(value: float) -> float:
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * value / most

    sums = [list(accumulate(column)) for column in zip(*(line.values for line in lines), strict=True)]
    box = f'width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" {_FONT}>',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        _text(_LEFT, 34, title, size=20, weight=600, anchor="start"),
        _text(_LEFT, 57, subtitle, size=13, colour=_FAINT, anchor="start"),
    ]
    for value in range(0, int(most) + 1, 100):
        out.append(_rule(x(0), y(value), x(months), y(value)))
        out.append(_text(_LEFT - 10, y(value) + 4, f"{value}", size=12, colour=_FAINT, anchor="end"))
    below = [0.0] * len(sums)
    for number, line in enumerate(lines):
        above = [column[number] for column in sums]
        edge = [f"{x(month):.1f},{y(value):.1f}" for month, value in enumerate(above)]
        back = [f"{x(month):.1f},{y(value):.1f}" for month, value in reversed(list(enumerate(below)))]
        out.append(
            f'<polygon points="{" ".join(edge + back)}" fill="{line.colour}" stroke="#ffffff"'
            ' stroke-width="0.75" stroke-linejoin="round"/>'
        )
        below = above
    out += _labels(lines, sums[-1], x(months), y)
    for year in range(0, years + 1, 2):
        out.append(_text(x(year * 12), _HEIGHT - _BOTTOM + 20, f"{year}", size=12, colour=_FAINT))
    out.append(_rule(x(0), y(0), x(months), y(0), colour=_FAINT))
    out.append(
        _text(x(months / 2), _HEIGHT - 12, "years since the start of emission", size=12, colour=_FAINT)
    )
    for mark in marks:
        left, top = x(mark.month), y(mark.value)
        out.append(_rule(left, top, left, y(mark.text_at), colour=_FAINT))
        out.append(f'<circle cx="{left:.1f}" cy="{top:.1f}" r="4" fill="{_INK}" stroke="#ffffff"/>')
        out.append(_text(left + 7, y(mark.text_at) + 9, mark.text, size=12, anchor="start"))
    out.append("</svg>")
    return "\n".join(out) + "\n"


def _labels(lines: Sequence[Line], last: Sequence[float], left: float, y: object) -> list[str]:
    """Each area's name beside its end, moved apart if areas are thin."""
    assert callable(y)
    bottoms = [0.0, *last[:-1]]
    tops = [y((low + high) / 2) + 4 for low, high in zip(bottoms, last, strict=True)]
    for number in range(1, len(tops)):
        tops[number] = min(tops[number], tops[number - 1] - _LINE)
    out = []
    for line, top in zip(lines, tops, strict=True):
        out.append(
            f'<rect x="{left + 12:.1f}" y="{top - 10:.1f}" width="11" height="11" rx="2"'
            f' fill="{line.colour}"/>'
        )
        out.append(_text(left + 29, top, f"{line.label}, {line.values[-1]:g}", size=13, anchor="start"))
    return out


def _text(
    x: float,
    y: float,
    text: str,
    *,
    size: int,
    colour: str = _INK,
    weight: int = 400,
    anchor: str = "middle",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" font-weight="{weight}"'
        f' text-anchor="{anchor}">{escape(text)}</text>'
    )


def _rule(x1: float, y1: float, x2: float, y2: float, colour: str = _GRID) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'
