"""Answers as tables for spreadsheets: one of each list in an answer, and one row of everything else."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from functools import cache
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from ionet.explorer import _models as m
from ionet.explorer._values import BadQuestion

#: The table of everything in an answer that is no list of things.
FACTS: Final = "facts"
#: Spreadsheets take a cell that begins so for a formula, some also with signs of full width.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def table_of(answer: BaseModel, part: str, more: BaseModel | None = None) -> str:
    """A table of an answer as CSV, with a heading; an amount is two cells, its number and its unit.

    Args:
        answer: of the API.
        part: the name of one of its lists, or `facts`.
        more: further lists, which the answer has in another shape.

    Raises:
        BadQuestion: the answer has no such table.
    """
    if part == FACTS:
        return table(type(answer), [answer], frozenset(_lists(type(answer))))
    lists = {
        name: (kind, getattr(of, name))
        for of in (answer, more)
        if of is not None
        for name, kind in _lists(type(of)).items()
    }
    if part not in lists:
        raise BadQuestion(f"there is no table {part[:40]!r} here; there are {', '.join([FACTS, *lists])}")
    return table(*lists[part])


def table(kind: type[BaseModel], rows: Sequence[BaseModel], without: frozenset[str] = frozenset()) -> str:
    """Rows as CSV, with a heading.

    Args:
        kind: of the rows.
        rows: each a line.
        without: fields that are left out.
    """
    written = [_cells(kind, row, without=without) for row in rows]
    # Rows may differ: events of several types have the fields of all.
    names = dict.fromkeys(
        name for cells in written or [_cells(kind, None, without=without)] for name in cells
    )
    out = io.StringIO()
    writer = csv.DictWriter(out, list(names), restval="")
    writer.writeheader()
    writer.writerows(written)
    return out.getvalue()


def cell(said: str) -> str:
    """A cell of a spreadsheet, which is none of its formulas.

    Args:
        said: by anybody.
    """
    return f"'{said}" if said.startswith(_FORMULA) and not _NUMBER.fullmatch(said) else said


@cache
def _lists(kind: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """The lists of things in an answer, and what they are of."""
    kinds = {name: get_args(field.annotation) for name, field in kind.model_fields.items() if _is_list(field)}
    return {name: of[0] for name, of in kinds.items() if issubclass(of[0], BaseModel)}


def _is_list(field: Any) -> bool:
    return get_origin(field.annotation) is list


def _cells(
    kind: type[BaseModel], row: BaseModel | None, before: str = "", without: frozenset[str] = frozenset()
) -> dict[str, str]:
    """The cells of a row; of none, the columns that each has."""
    cells: dict[str, str] = {}
    for name, field in kind.model_fields.items():
        if name in without:
            continue
        column, value = before + name, None if row is None else getattr(row, name)
        inner = _inner(field.annotation)
        if inner is m.Money:
            cells |= {column: "", f"{column}_unit": ""}
            if isinstance(value, m.Money):
                cells |= {column: value.amount, f"{column}_unit": value.unit}
        elif inner is not None:
            cells |= _cells(inner, value, f"{column}_")
        elif get_origin(field.annotation) is dict:
            cells |= _spread(column, value or {})
        else:
            cells[column] = _cell(value)
    return cells


def _spread(before: str, values: dict[str, Any]) -> dict[str, str]:
    cells: dict[str, str] = {}
    for key, value in values.items():
        cells |= (
            _spread(f"{before}_{key}", value)
            if isinstance(value, dict)
            else {f"{before}_{key}": _cell(value)}
        )
    return cells


def _inner(annotation: Any) -> type[BaseModel] | None:
    """What a field is, if it is a thing with fields, or one or none."""
    for each in (annotation, *get_args(annotation)):
        if (
            get_origin(annotation) not in (list, dict)
            and isinstance(each, type)
            and issubclass(each, BaseModel)
        ):
            return each
    return None


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return cell(value)
        case bool():
            return str(value).lower()
        case list():
            return json.dumps(to_jsonable_python(value), ensure_ascii=False)
    return str(value)
