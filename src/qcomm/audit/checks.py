"""Tables of checks: statements about results, each with the interval that its value must lie in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from qcomm.errors import DataError

COLUMNS = ("name", "value", "low", "high", "ok")


def collect(paths: Sequence[Path]) -> pd.DataFrame:
    """All tables below each other; the first column names the file.

    Raises:
        DataError: a file is no table of checks, has no rows, or its `ok` contradicts its numbers.
    """
    return pd.concat([_read(path) for path in paths], ignore_index=True)


def _read(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype={"name": str})
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise DataError(f"not a table: {error}", where=str(path)) from error
    if list(table.columns) != list(COLUMNS):
        raise DataError(f"columns are {', '.join(table.columns)}, not {', '.join(COLUMNS)}", where=str(path))
    if table.empty:
        raise DataError("the table holds no checks", where=str(path))
    if table.ok.dtype != bool:
        raise DataError("column ok is not True or False everywhere", where=str(path))
    inside = (table.value >= table.low) & (table.value <= table.high)
    if (wrong := table.ok & ~inside).any():
        raise DataError(f"marked as ok, but outside its bounds: {table.name[wrong].iloc[0]}", where=str(path))
    table.insert(0, "file", path.as_posix())
    return table


def require_ok(table: pd.DataFrame) -> None:
    """Nothing, where every row is ok.

    Raises:
        DataError: some are not; the message names each with its file, value and bounds.
    """
    failed = table[~table.ok]
    if failed.empty:
        return
    rows = [f"  {r.file}: {r.name}: {r.value:g} is outside [{r.low:g}, {r.high:g}]" for r in failed.itertuples()]
    raise DataError(
        f"{len(failed)} of {len(table)} checks of the results failed:\n" + "\n".join(rows),
        fix="compare with the settings: few trials scatter more; otherwise a claim does not hold as stated",
    )
