import json

import numpy as np
import pandas as pd
import pytest
import yaml

from qcomm.audit.stamps import stamp_path
from qcomm.config import complete
from qcomm.stages import expressivity, linear, plot_expressivity, plot_linear, plot_privacy, privacy
from qcomm.stages.frame import execute

TINY = {
    "expressivity": {
        "layers": 4,
        "largest_matrix": 300,
        "instances": 2,
        "shots": 50,
        "fit": {"layers": 1, "seeds": 2, "points": 60, "iterations": 10},
    },
    "privacy": {
        "haar": [[2, 1], [4, 2]],
        "dimensions": [4, 16],
        "copies": [1, 4],
        "records": 50,
        "qubits": [1],
        "dishonest_records": 20,
    },
    "linear": {
        "exact_gammas": [0.2, 0.1, 0.05, 0.03],
        "executed_gammas": [0.1, 0.05],
        "dimension": 256,
        "dimensions": [256, 1024, 4096],
        "executed_dimensions": [256],
        "trials": 100,
        "circuit_gammas": [0.3],
    },
}
OUTPUTS = {
    "expressivity": ("ranks", "growth", "fits", "checks"),
    "privacy": ("out",),
    "linear": ("costs", "constants", "slopes", "margins", "classifiers"),
}
EXACT = {"growth", "constants"}  # the seed does not enter


@pytest.fixture
def settings(request):
    def of(name):
        root = request.config.rootpath / "workflow" / "schemas" / f"{name}.yaml"
        schema = {"type": "object", "properties": {name: yaml.safe_load(root.read_text())}}
        return json.dumps(complete({name: TINY[name]}, schema)[name])

    return of


def run_stage(module, folder, settings, seed=0):
    name = module.__name__.rsplit(".", 1)[-1]
    paths = {output: folder / f"{name}_{output}.csv" for output in OUTPUTS[name]}
    flags = [part for output, path in paths.items() for part in (f"--{output}", str(path))]
    execute(module.__file__, module.arguments, module.run, [*flags, "--settings", settings, "--seed", str(seed)])
    return paths


@pytest.mark.parametrize("module", [expressivity, privacy, linear], ids=lambda module: module.__name__)
def test_same_seed_same_bytes_and_another_seed_others(module, tmp_path, settings):
    name = module.__name__.rsplit(".", 1)[-1]
    runs = [run_stage(module, tmp_path / str(n), settings(name), seed) for n, seed in enumerate((0, 0, 1))]
    for output in OUTPUTS[name]:
        assert runs[0][output].read_bytes() == runs[1][output].read_bytes()
        if output not in EXACT:
            assert runs[0][output].read_bytes() != runs[2][output].read_bytes()
    assert all(stamp_path(path).exists() for path in runs[0].values())
    table = pd.read_csv(runs[0][OUTPUTS[name][0]]).dropna(subset="low")
    assert len(table) > 10
    assert (table.low <= table.high).all()


def test_figures_are_drawn_from_stage_outputs(tmp_path, settings):
    files = {
        module: run_stage(module, tmp_path, settings(name))
        for name, module in (("expressivity", expressivity), ("privacy", privacy), ("linear", linear))
    }
    jobs = {
        plot_expressivity: [
            part for name in ("ranks", "growth", "fits") for part in (f"--{name}", files[expressivity][name])
        ],
        plot_privacy: ["--table", files[privacy]["out"], "--copies", "4"],
        plot_linear: [
            part for name in ("costs", "slopes", "classifiers") for part in (f"--{name}", files[linear][name])
        ],
    }
    for module, inputs in jobs.items():
        out = [tmp_path / f"{module.__name__}.{kind}" for kind in ("pdf", "png", "csv")]
        table = [tmp_path / f"table.{kind}" for kind in ("csv", "md", "tex")] if module is plot_linear else []
        argv = [*map(str, inputs), "--out", *map(str, out), *(["--table", *map(str, table)] if table else [])]
        execute(module.__file__, module.arguments, module.run, argv)
        assert all(path.stat().st_size > 100 for path in [*out, *table])
        assert len(pd.read_csv(out[2])) > 5


def test_subspace_curve_is_drawn_on_the_same_axes(tmp_path, settings):
    from qcomm.figures.linear import linear as draw

    files = run_stage(linear, tmp_path, settings("linear"))
    tables = [pd.read_csv(files[name]) for name in ("costs", "slopes", "classifiers")]
    subspace = pd.DataFrame({"dimension": [256, 1024], "kind": "classical", "cost": [10.0, 17.0]})
    figure, drawn = draw(*tables, subspace)
    labels = figure.axes[1].get_legend_handles_labels()[1]
    assert "vector in subspace (bits)" in labels
    assert "vector in subspace (qubits)" not in labels
    np.testing.assert_array_equal(drawn[drawn.panel == "vector in subspace"].cost, [10, 17])


def test_a_wrong_slope_stops_the_stage(tmp_path, settings, capsys, monkeypatch):
    from dataclasses import replace

    from qcomm.protocols import linear_sweep

    honest = linear_sweep.PROTOCOLS["amplitude estimation"]
    monkeypatch.setitem(linear_sweep.PROTOCOLS, "amplitude estimation", replace(honest, exponent=-2.0))
    with pytest.raises(SystemExit) as stopped:
        run_stage(linear, tmp_path, settings("linear"))
    assert stopped.value.code == 2
    assert "amplitude estimation against gamma, exact" in capsys.readouterr().err
