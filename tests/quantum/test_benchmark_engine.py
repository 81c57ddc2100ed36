"""The picture and the ratios of the engine benchmark."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qcomm.audit.stamps import read_stamp
from qcomm.errors import DataError
from qcomm.figures.benchmark_engine import checked, ratios
from qcomm.files import sha256_of

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
    command += ["--settings", '{"repeats": 5}', "--scripts", '{"engine.py": "00ff"}']
    subprocess.run([*command, "--out", str(out), "--figure", *figure, "--ratios", *table], check=True)
    assert read_stamp(out)["parameters"] == {"settings": {"repeats": 5}, "scripts": {"engine.py": "00ff"}}
    pd.testing.assert_frame_equal(pd.read_csv(out), times())
    assert "smallest ratio of all is 4.00" in (tmp_path / "ratios.md").read_text()
    assert "not run" in (tmp_path / "ratios.md").read_text()
    assert all((tmp_path / f"picture.{kind}").stat().st_size > 0 for kind in ("pdf", "png", "csv"))


def test_the_faster_form_of_a_peer_stands_for_it(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    from engine_times import fastest_forms

    rows = [("qsim", 2.0), ("qsim (rebuilt)", 1.0), ("qcomm", 0.1)]
    table = pd.DataFrame([{"engine": e, "task": "forward", "n": 4, "batch": 1, "median_s": m} for e, m in rows])
    found = fastest_forms(table).set_index("engine")
    assert found.median_s.to_dict() == {"qsim": 1.0, "qcomm": 0.1}
    assert found.form.to_dict() == {"qsim": "rebuilt", "qcomm": "as it is"}


def test_a_small_run_measures_checks_and_is_stamped_with_what_measured_it(tmp_path):
    """In a process of its own, so that thread variables come before numpy, whatever they were."""
    command = [sys.executable, str(ROOT / "benchmarks" / "engine.py"), "--out", str(tmp_path)]
    command += [
        "--qubits",
        "2",
        "--batches",
        "1",
        "--engines",
        "qcomm",
        "cirq",
        "qulacs",
        "--repeats",
        "1",
        "--cap",
        "60",
    ]
    done = subprocess.run(command, env=os.environ | {"OMP_NUM_THREADS": "7"}, check=True, capture_output=True)
    assert done.returncode == 0
    table = pd.read_csv(tmp_path / "benchmark_engine.csv")
    assert len(table[table.engine == "qcomm"]) == len(table[table.engine == "cirq"]) == 2
    assert (table.repeats == 1).all()
    stamp = read_stamp(tmp_path / "benchmark_engine.csv")["parameters"]
    assert stamp["settings"]["repeats"] == 1
    assert stamp["settings"]["engines"] == ["qcomm", "cirq", "qulacs"]
    assert stamp["scripts"]["engine_times.py"] == sha256_of(ROOT / "benchmarks" / "engine_times.py")
    skipped = pd.read_csv(tmp_path / "benchmark_engine.skipped.csv")
    assert set(skipped.engine) <= {"qulacs"}


def test_thread_variables_are_set_before_numpy():
    program = (
        "import sys, os; sys.path.insert(0, 'benchmarks'); import engine; assert 'numpy' not in sys.modules;"
        " engine.one_thread(); print(os.environ['OMP_NUM_THREADS'], os.environ['OPENBLAS_NUM_THREADS'])"
    )
    environment = os.environ | {"OMP_NUM_THREADS": "7"}
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, check=True)
    assert done.stdout.decode().split() == ["1", "1"]


def test_what_takes_longer_than_the_cap_is_called_once(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import engine_times as times

    calls = {"quick": 0, "slow": 0}

    def peer(name):
        def forward(parameters, vectors):
            calls[name] += 1
            time.sleep(0.2 * (name == "slow"))
            return np.full(len(vectors), 0.5)

        return lambda n, layers, depth: {"forward": forward}

    monkeypatch.setattr(times, "PEERS", {name: peer(name) for name in calls})
    one, many = times.Task("forward", 2, 1), times.Task("forward", 2, 32)
    known, skipped = {("slow", one): 1.0, ("quick", one): 0.0}, []
    rows = times.measure(many, ["quick", "slow"], 3, 0.1, 60.0, known, skipped)
    assert calls["slow"] == 1
    assert calls["quick"] > 3
    assert [row["repeats"] for row in rows] == [3, 1]
    assert rows[1]["median_s"] == rows[1]["first_call_s"]
    times.measure(many, ["slow"], 3, 0.1, 20.0, {("slow", one): 1.0}, skipped)
    assert skipped == [("slow", "forward", 2, 32, "would take about 32 s, the limit is 20 s")]
