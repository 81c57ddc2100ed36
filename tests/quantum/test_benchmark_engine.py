"""The picture and the ratios of the engine benchmark."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qcomm.errors import DataError
from qcomm.figures.benchmark_engine import checked, ratios

ROOT = Path(__file__).resolve().parents[2]


def times():
    rows = []
    for task in ("forward", "gradient"):
        for n in (4, 8):
            for engine, factor in (("qcomm", 1.0), ("cirq", 30.0), ("qulacs", 4.0)):
                if (engine, task) != ("qulacs", "gradient"):
                    rows.append((engine, task, n, 2, 1, factor * 2.0**n * 1e-6, 9))
    return pd.DataFrame(rows, columns=["engine", "task", "n", "layers", "batch", "median_s", "repeats"])


def test_ratios_are_peers_over_ours_and_gaps_stay_gaps():
    found = ratios(checked(times())).set_index(["task", "n"])
    assert found.loc[("forward", 8), "cirq"] == pytest.approx(30)
    assert found.loc[("forward", 8), "smallest"] == pytest.approx(4)
    assert found.loc[("gradient", 4), "smallest"] == pytest.approx(30)
    assert np.isnan(found.loc[("gradient", 4), "qulacs"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.drop(columns="repeats"), "repeats"),
        (lambda t: t.assign(median_s=0.0), "positive"),
        (lambda t: pd.concat([t, t.head(1)]), "twice"),
        (lambda t: t[t.engine != "qcomm"], "no time of qcomm"),
    ],
)
def test_tables_that_mean_nothing_are_refused(change, words):
    with pytest.raises(DataError, match=words):
        checked(change(times()))


def test_stage_writes_table_picture_and_ratios(tmp_path):
    times().to_csv(tmp_path / "raw.csv", index=False)
    out = tmp_path / "benchmark_engine.csv"
    figure = [str(tmp_path / f"picture.{kind}") for kind in ("pdf", "png", "csv")]
    table = [str(tmp_path / f"ratios.{kind}") for kind in ("csv", "md", "tex")]
    command = [sys.executable, "-m", "qcomm.stages.benchmark_engine", "--times", str(tmp_path / "raw.csv")]
    subprocess.run([*command, "--out", str(out), "--figure", *figure, "--ratios", *table], check=True)
    pd.testing.assert_frame_equal(pd.read_csv(out), times())
    assert "smallest ratio of all is 4.00" in (tmp_path / "ratios.md").read_text()
    assert "not run" in (tmp_path / "ratios.md").read_text()
    assert all((tmp_path / f"picture.{kind}").stat().st_size > 0 for kind in ("pdf", "png", "csv"))


def test_the_faster_form_of_a_peer_stands_for_it(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    from engine import fastest_forms

    rows = [("qsim", 2.0), ("qsim (rebuilt)", 1.0), ("qcomm", 0.1)]
    table = pd.DataFrame([{"engine": e, "task": "forward", "n": 4, "batch": 1, "median_s": m} for e, m in rows])
    found = fastest_forms(table).set_index("engine")
    assert found.median_s.to_dict() == {"qsim": 1.0, "qcomm": 0.1}
    assert found.form.to_dict() == {"qsim": "rebuilt", "qcomm": "as it is"}
