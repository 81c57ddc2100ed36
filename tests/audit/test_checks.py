"""Tables of checks are merged, and a failed check stops with its name."""

import pandas as pd
import pytest

from qcomm.audit.checks import collect
from qcomm.audit.stamps import verify, write_stamp
from qcomm.errors import DataError
from qcomm.stages import check_results
from qcomm.stages.frame import execute


def written(folder, name, rows, stamped=True):
    path = folder / name
    pd.DataFrame(rows, columns=["name", "value", "low", "high", "ok"]).to_csv(path, index=False)
    if stamped:
        write_stamp(path, {"stage": "test"})
    return path


def stage(*paths, out):
    arguments = ["--checks", *map(str, paths), "--out", str(out)]
    execute(check_results.__file__, check_results.arguments, check_results.run, arguments)


GOOD = [("slope", -0.5, -0.52, -0.48, True), ("tail, k = 16", 0.1, 0.05, 0.2, True)]


def test_all_tables_are_merged_with_their_files(tmp_path):
    paths = [written(tmp_path, "a.csv", GOOD), written(tmp_path, "b.csv", GOOD[:1])]
    stage(*paths, out=tmp_path / "out.csv")
    table = pd.read_csv(tmp_path / "out.csv")
    assert list(table.columns) == ["file", "name", "value", "low", "high", "ok"]
    assert [name.rpartition("/")[2] for name in table.file] == ["a.csv", "a.csv", "b.csv"]
    assert verify(tmp_path / "out.csv")["stage"] == "check_results"


def test_failed_rows_stop_the_stage_and_are_named(tmp_path, capsys):
    bad = written(tmp_path, "bad.csv", [*GOOD, ("qubits", 7.0, 0.0, 0.0, False), ("nan", float("nan"), 0, 1, False)])
    with pytest.raises(SystemExit) as stopped:
        stage(written(tmp_path, "a.csv", GOOD), bad, out=tmp_path / "out.csv")
    assert stopped.value.code == 2
    text = capsys.readouterr().err
    assert "2 of 6 checks" in text
    assert "bad.csv: qubits: 7 is outside [0, 0]" in text
    assert "slope" not in text
    assert not (tmp_path / "out.csv").exists()


def test_an_edited_table_is_not_believed(tmp_path, capsys):
    path = written(tmp_path, "a.csv", GOOD)
    path.write_text(path.read_text().replace("-0.5,", "-0.51,"))
    with pytest.raises(SystemExit):
        stage(path, out=tmp_path / "out.csv")
    assert "was changed after stage test wrote it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "no checks"),
        ([("a", 2.0, 0.0, 1.0, True)], "outside its bounds: a"),
        ([("a", 1.0, 0.0, 1.0, "maybe")], "True or False"),
    ],
)
def test_tables_that_are_no_checks_are_refused(tmp_path, rows, words):
    with pytest.raises(DataError, match=words):
        collect([written(tmp_path, "a.csv", rows, stamped=False)])


def test_a_table_without_the_columns_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("name,value\na,1\n")
    with pytest.raises(DataError, match="columns are name, value"):
        collect([tmp_path / "a.csv"])
