"""Tables as csv (exact), Markdown and LaTeX with booktabs (for reading)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from tabulate import tabulate

from qcomm.files import write_csv, write_text

NOT_RUN = "not run"
_LATEX = str.maketrans({"&": r"\&", "%": r"\%", "_": r"\_", "#": r"\#"})


def write_table(frame: pd.DataFrame, prefix: str | Path, caption: str, shown: pd.DataFrame | None = None) -> None:
    """Write ``prefix.csv``, ``prefix.md`` and ``prefix.tex``.

    Args:
        frame: the tidy table; missing values are written as "not run" everywhere.
        prefix: path without ending.
        caption: one or more sentences: what is shown, how it was measured.
        shown: a rearranged table for reading (Markdown, LaTeX); `frame` itself by default.
    """
    frame = with_not_run(frame)
    shown = frame if shown is None else with_not_run(shown)
    write_csv(f"{prefix}.csv", frame)
    body = tabulate(
        _text(shown), headers=list(shown.columns), tablefmt="github", showindex=False, disable_numparse=True
    )
    write_text(f"{prefix}.md", f"{caption}\n\n{body}\n")
    write_text(f"{prefix}.tex", latex(shown, caption, label=Path(prefix).name))


def with_not_run(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy whose missing values read "not run"; other values keep their type."""
    return frame.astype(object).where(frame.notna(), NOT_RUN)


def latex(frame: pd.DataFrame, caption: str, label: str) -> str:
    """A booktabs table environment; every text is escaped."""
    columns = [_escaped(str(name)) for name in frame.columns]
    rows = [[_escaped(cell) for cell in row] for row in _text(frame)]
    lines = [
        "% needs \\usepackage{booktabs}",
        "\\begin{table}",
        f"\\caption{{{_escaped(caption)}}}",
        f"\\label{{tab:{label}}}",
        f"\\begin{{tabular}}{{{'l' * len(columns)}}}",
        "\\toprule",
        " & ".join(columns) + " \\\\",
        "\\midrule",
        *(" & ".join(row) + " \\\\" for row in rows),
        "\\bottomrule",
        "\\end{tabular}",
        "\\end{table}",
    ]
    return "\n".join(lines) + "\n"


def mean_std(mean: float | None, std: float | None, digits: int = 1) -> str:
    """``78.7 ± 0.3``; only the mean where no deviation is known; "not run" without a mean."""
    if mean is None or pd.isna(mean):
        return NOT_RUN
    return f"{mean:.{digits}f}" if std is None or pd.isna(std) else f"{mean:.{digits}f} ± {std:.{digits}f}"


def _escaped(text: str) -> str:
    return text.translate(_LATEX).replace("±", r"$\pm$")


def _text(frame: pd.DataFrame) -> list[list[str]]:
    return [[_cell(value) for value in row] for row in frame.itertuples(index=False)]


def _cell(value) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
