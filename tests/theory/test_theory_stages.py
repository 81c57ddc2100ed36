import json

import numpy as np
import pandas as pd
import pytest
import yaml

from qcomm.audit.checks import collect, require_ok
from qcomm.audit.stamps import stamp_path, write_stamp
from qcomm.config import complete
from qcomm.data.values import Graph, symmetric_adjacency
from qcomm.errors import DataError, ProtocolError
from qcomm.stages import expressivity, linear, linear_data, plot_expressivity, plot_linear, plot_privacy, privacy
from qcomm.stages.frame import execute

TINY = {
    "expressivity": {
        "layers": 4,
        "largest_matrix": 100,
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
        "haar_states": 150,
        "data": {
            "copies": [1, 4],
            "records": 20,
            "samples": 40,
            "widths": [4],
            "frame_records": 10,
            "parameter_qubits": 3,
            "uses": [2],
        },
    },
    "linear": {
        "exact_gammas": [0.2, 0.1, 0.05, 0.03, 0.001],
        "executed_gammas": [0.1, 0.05, 0.03],
        "dimension": 256,
        "dimensions": [16, 64, 256, 1024, 4096],
        "executed_dimensions": [256, 1024, 4096],
        "trials": 150,
        "tolerance": 2.0,
        "flat_tolerance": 1.0,
        "classifiers": {"inputs": 5, "sketch_inputs": 3, "margin_groups": 3, "margin_inputs": 4, "margin_repeats": 60},
        "circuit_gammas": [0.3],
    },
}
OUTPUTS = {
    "expressivity": ("ranks", "growth", "fits", "checks"),
    "privacy": ("out", "checks"),
    "linear": ("costs", "constants", "slopes", "checks"),
    "linear_data": ("margins", "classifiers", "needs", "slopes", "checks"),
}
SECTIONS = {"linear_data": "linear"}  # where it is not that of the stage's name
EXACT = {"growth", "constants"}  # the seed does not enter


@pytest.fixture
def settings(request):
    def of(stage):
        name = SECTIONS.get(stage, stage)
        root = request.config.rootpath / "workflow" / "schemas" / f"{name}.yaml"
        schema = {"type": "object", "properties": {name: yaml.safe_load(root.read_text())}}
        return json.dumps(complete({name: TINY[name]}, schema)[name])

    return of


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    """A graph file with three classes of nodes whose words differ, as the graphs stage writes it."""
    path, rng = tmp_path_factory.mktemp("graphs") / "toy.npz", np.random.default_rng(0)
    labels = np.arange(90) % 3
    chances = np.full((90, 24), 0.15)
    for node, label in enumerate(labels):
        chances[node, 8 * label : 8 * label + 8] = 0.5
    features = (rng.random((90, 24)) < chances).astype(np.float32)
    features[:, 23] = 1
    splits = {"train": np.arange(45), "valid": np.arange(45, 60), "test": np.arange(60, 90)}
    Graph("toy", symmetric_adjacency(np.array([0]), np.array([1]), 90, "toy"), features, labels, splits).save(path)
    write_stamp(path, {"stage": "graphs", "data_source": {"toy": "test"}})
    return path


def run_stage(module, folder, settings, seed=0, graph=None):
    name = module.__name__.rsplit(".", 1)[-1]
    paths = {output: folder / f"{name}_{output}.csv" for output in OUTPUTS[name]}
    flags = [part for output, path in paths.items() for part in (f"--{output}", str(path))]
    flags += ["--graphs", str(graph)] if graph else []
    execute(module.__file__, module.arguments, module.run, [*flags, "--settings", settings, "--seed", str(seed)])
    return paths


@pytest.mark.parametrize("module", [expressivity, privacy, linear, linear_data], ids=lambda module: module.__name__)
def test_same_seed_same_bytes_and_another_seed_others(module, tmp_path, settings, graph):
    name = module.__name__.rsplit(".", 1)[-1]
    data = graph if module in (privacy, linear_data) else None
    runs = [run_stage(module, tmp_path / str(n), settings(name), seed, data) for n, seed in enumerate((0, 0, 1))]
    for output in OUTPUTS[name]:
        assert runs[0][output].read_bytes() == runs[1][output].read_bytes()
        if output not in EXACT:
            assert runs[0][output].read_bytes() != runs[2][output].read_bytes()
    assert all(stamp_path(path).exists() for path in runs[0].values())
    table = pd.read_csv(runs[0]["needs" if module is linear_data else OUTPUTS[name][0]]).dropna(subset="low")
    assert len(table) > (5 if module is linear_data else 10)
    assert (table.low <= table.high).all()


@pytest.fixture(scope="module")
def outputs(tmp_path_factory, request, graph):
    """Files of one run of each stage, with data and without."""
    root = request.config.rootpath / "workflow" / "schemas"
    found = {}
    runs = ((expressivity, [None]), (privacy, [None, graph]), (linear, [None]), (linear_data, [graph]))
    for module, choices in runs:
        stage = module.__name__.rsplit(".", 1)[-1]
        name = SECTIONS.get(stage, stage)
        schema = {"type": "object", "properties": {name: yaml.safe_load((root / f"{name}.yaml").read_text())}}
        chosen = json.dumps(complete({name: TINY[name]}, schema)[name])
        for data in choices:
            found[module, data is not None] = run_stage(module, tmp_path_factory.mktemp(stage), chosen, graph=data)
    return found


def plot(module, inputs, folder):
    """Run a plot stage; the numbers it drew."""
    out = [folder / f"{module.__name__}.{kind}" for kind in ("pdf", "png", "csv")]
    table = [folder / f"table.{kind}" for kind in ("csv", "md", "tex")] if module is plot_linear else []
    argv = [*map(str, inputs), "--out", *map(str, out), *(["--table", *map(str, table)] if table else [])]
    execute(module.__file__, module.arguments, module.run, argv)
    assert all(path.stat().st_size > 100 for path in [*out, *table])
    return pd.read_csv(out[2])


def linear_inputs(outputs):
    sweep, data = outputs[linear, False], outputs[linear_data, True]
    flags = ["--costs", sweep["costs"], "--slopes", sweep["slopes"], data["slopes"]]
    flags += ["--classifiers", data["classifiers"], "--needs", data["needs"]]
    return [*flags, "--dimension", "256", "--gamma", "0.1"]


def linear_tables(outputs):
    sweep, data = outputs[linear, False], outputs[linear_data, True]
    files = (sweep["costs"], sweep["slopes"], data["classifiers"], data["needs"])
    return [pd.read_csv(path) for path in files]


@pytest.mark.parametrize("data", [False, True])
def test_figures_are_drawn_from_stage_outputs(tmp_path, outputs, data):
    files = outputs[expressivity, False]
    flags = [part for name in ("ranks", "growth", "fits") for part in (f"--{name}", files[name])]
    assert "exponential exponent" in set(plot(plot_expressivity, flags, tmp_path).quantity)
    drawn = plot(plot_privacy, ["--table", outputs[privacy, data]["out"], "--copies", "4"], tmp_path)
    assert ("toy" in set(drawn.ensemble)) == data
    drawn = plot(plot_linear, linear_inputs(outputs), tmp_path)
    assert {"swap test", "best quantum"} <= set(drawn.protocol)
    assert {"circuit", "recalled", "executed", "exact"} <= set(drawn.method)
    assert "toy" in set(drawn.dataset)
    assert drawn[drawn.panel == "slopes"].slope.notna().any()


def test_subspace_curve_is_drawn_on_the_same_axes_with_its_interval(outputs):
    from qcomm.figures.linear import linear as draw

    tables = linear_tables(outputs)
    subspace = pd.DataFrame({"dimension": [256, 1024], "kind": "classical", "cost": [10.0, 17.0]})
    for table in (subspace, subspace.assign(low=9.0, high=18.0)):
        figure, drawn = draw(*tables, table, dimension=256, gamma=0.1)
        labels = figure.axes[1].get_legend_handles_labels()[1]
        assert "vector in subspace (bits)" in labels
        assert "vector in subspace (qubits)" not in labels
        np.testing.assert_array_equal(drawn[drawn.panel == "vector in subspace"].cost, [10, 17])


def test_panels_for_which_nothing_was_run_are_empty_but_drawn(outputs):
    from qcomm.figures.linear import linear as draw

    costs, slopes, *data = linear_tables(outputs)
    tables = [costs, slopes, *(table.iloc[:0] for table in data)]
    _, drawn = draw(*tables, None, dimension=64, gamma=0.05)
    assert len(drawn) > 5


def test_privacy_figure_names_a_missing_number_of_copies(outputs):
    from qcomm.figures.privacy import privacy as draw

    with pytest.raises(ProtocolError, match="no random real data at 9 copies"):
        draw(pd.read_csv(outputs[privacy, False]["out"]), 9)


def test_checks_of_real_data_are_written(outputs):
    names = pd.read_csv(outputs[linear_data, True]["checks"]).name
    assert names.str.contains("classifier runs").any()
    assert names.str.contains("margin of data").any()
    assert pd.read_csv(outputs[privacy, True]["checks"]).name.str.contains("toy").any()
    runs = pd.read_csv(outputs[linear_data, True]["classifiers"])
    assert set(runs.label) == {0, 1, 2}
    assert len(pd.read_csv(outputs[linear_data, True]["margins"])) == 3


def failed(checks):
    """Names of the checks that do not hold; a stage writes them all, the results' gate reads them."""
    table = collect([checks])
    with pytest.raises(DataError, match="checks of the results failed"):
        require_ok(table)
    return set(table.name[~table.ok])


def test_a_wrong_rank_is_written_and_fails_the_checks(tmp_path, settings, monkeypatch):
    from qcomm.theory import expressivity as tables

    monkeypatch.setitem(tables.EXPECTED, ("diagonal", 2, "1"), (3, 6))
    outputs = run_stage(expressivity, tmp_path, settings("expressivity"))
    assert "rank: diagonal, N'=2, N=2, lambda=1, L=2" in failed(outputs["checks"])


def test_a_wrong_slope_is_written_and_fails_the_checks(tmp_path, settings, monkeypatch):
    from dataclasses import replace

    from qcomm.protocols import linear_protocols

    honest = linear_protocols.PROTOCOLS["amplitude estimation"]
    monkeypatch.setitem(linear_protocols.PROTOCOLS, "amplitude estimation", replace(honest, exponent=-5.0))
    monkeypatch.setitem(TINY, "linear", TINY["linear"] | {"circuit_gammas": []})
    outputs = run_stage(linear, tmp_path, settings("linear"))
    assert "slope of amplitude estimation in gamma, exact" in failed(outputs["checks"])
