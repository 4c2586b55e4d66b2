"""A report as JSON, CSV and text: every rate with its formula, what is hidden as null, empty or a dash."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from gateway.statistics.formulas import DECISIONS
from gateway.statistics.periods import to_date
from gateway.statistics.report import Part, Report
from gateway.statistics.suppression import STEP, K

NOT_ENOUGH: Final = f"not enough data: fewer than {K} decisions"
COLUMNS: Final = ("period", "from", "to", "by", "value", "measure", "number", "formula")


def as_dict(report: Report) -> dict[str, Any]:
    """The JSON form."""
    formulas = {formula.name: formula.text for formula in report.formulas}
    return {
        "by": report.by or None,
        "period": report.kind,
        "base": report.base,
        "k": K,
        "rounded_to": STEP,
        "note": f"null: hidden, under {K} or beside such a count. shown counts displays, not people. {DECISIONS}",
        "formulas": formulas,
        "periods": [_part(part, formulas) for part in report.parts],
    }


def as_json(report: Report) -> str:
    """Indented, with a line's end."""
    return json.dumps(as_dict(report), indent=2) + "\n"


def as_csv(report: Report) -> str:
    """One line for each number (RFC 4180), rates with their formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for part in report.parts:
        for value, measure, number, formula in _numbers(part, report):
            shown = "" if number is None else number
            writer.writerow((part.period.label, *_bounds(part), report.by, value, measure, shown, formula))
    return text.getvalue()


def as_text(report: Report) -> str:
    """For a terminal."""
    lines = [f"Base period {report.base}, k = {K}, counts to the nearest {STEP}; - is hidden. {DECISIONS}"]
    if not report.parts:
        lines.append("No period is told yet: each is told 48 hours after its end.")
    for part in report.parts:
        lines.append(f"\n{part.period.label}  {' to '.join(_bounds(part))}")
        if not part.enough:
            lines.append(f"  {NOT_ENOUGH}")
            continue
        for value, measure, number, formula in _numbers(part, report):
            name = f"{value} {measure}".strip()
            shown = "-" if number is None else f"{number:.1%}" if formula else str(number)
            lines.append(f"  {name:32} {shown:>8}{f'   {formula}' if formula else ''}")
    return "\n".join(lines) + "\n"


def lines(report: Report) -> Iterator[dict[str, Any]]:
    """The counts that are told, one object each: what is sent on."""
    for part in report.parts:
        first, last = _bounds(part)
        for row in part.rows:
            for measure, number in row.counts.items():
                if number is not None:
                    yield {
                        "period": part.period.label,
                        "from": first,
                        "to": last,
                        "by": report.by or None,
                        "value": row.value or None,
                        "measure": measure,
                        "count": number,
                    }


def as_jsonl(report: Report) -> str:
    """One line for each count that is told."""
    return "".join(json.dumps(line) + "\n" for line in lines(report))


def _part(part: Part, formulas: Mapping[str, str]) -> dict[str, Any]:
    first, last = _bounds(part)
    found: dict[str, Any] = {
        "period": part.period.label,
        "from": first,
        "to": last,
        "base_periods": part.base,
        "enough": part.enough,
    }
    if not part.enough:
        found["message"] = NOT_ENOUGH
    found["rows"] = [
        {
            "value": row.value or None,
            "counts": dict(row.counts),
            "rates": {name: {"rate": rate, "formula": formulas[name]} for name, rate in row.rates.items()},
        }
        for row in part.rows
    ]
    return found


def _numbers(part: Part, report: Report) -> Iterator[tuple[str, str, float | None, str]]:
    formulas = {formula.name: formula.text for formula in report.formulas}
    for row in part.rows:
        yield from ((row.value, name, count, "") for name, count in row.counts.items())
        yield from ((row.value, name, rate, formulas[name]) for name, rate in row.rates.items())


def _bounds(part: Part) -> tuple[str, str]:
    """First and last day. A month of weeks is those whose Thursday is in it."""
    return to_date(part.period.first).isoformat(), (to_date(part.period.end) - timedelta(days=1)).isoformat()
