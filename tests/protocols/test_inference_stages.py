import json

import pandas as pd
import pytest
import yaml

from qcomm.audit.stamps import stamp_path
from qcomm.config import complete
from qcomm.stages import (
    communication,
    inference,
    noise,
    plot_communication,
    plot_fig1,
    plot_inference,
    plot_noise,
    plot_pointer,
    pointer,
)
from qcomm.stages.frame import execute

TINY = {
    "inference": {
        "qubits": [4, 5],
        "layers": [1],
        "losses": [0.2, 0.5],
        "copies": [16, 64, 256],
        "trials": 40,
        "phases": [8, 16, 32],
        "amplitude_losses": 4,
        "amplitude_trials": 5,
        "angles_per_qubit": 1,
    },
    "communication": {
        "qubits": [4, 8, 10, 11],
        "accuracies": [[0.1, 0.3]],
        "largest_haar": 16,
        "instances": 2,
        "wrong_trials": 10,
        "codebook_trials": 10,
        "trials": 400,
        "estimate_trials": 200,
        "numbers": 200000,
        "checks": 20,
        "fit_from": 16,
        "noise": {
            "qubits": [4, 12],
            "messages": [1],
            "executed": [11],
            "trials": 100,
            "visibility_qubits": [3],
            "visibility_noise": [0.1],
        },
        "pointer": {"qubits": [3], "layers": 2, "instances": 60},
    },
}


@pytest.fixture(scope="module")
def settings(request):
    root = request.config.rootpath / "workflow" / "schemas"
    schema = {"type": "object", "properties": {n: yaml.safe_load((root / f"{n}.yaml").read_text()) for n in TINY}}
    return complete(TINY, schema)


def run(module, folder, *arguments, **files):
    flags = [part for name, file in files.items() for part in (f"--{name.replace('_', '-')}", str(folder / file))]
    execute(module.__file__, module.arguments, module.run, [*map(str, arguments), *flags])


def run_all(folder, settings, seed=0):
    names = ("sampling", "amplitude", "parameters", "ledgers", "failures", "slopes", "checks")
    options = ("--settings", json.dumps(settings["inference"] | {"seed": seed}))
    run(inference, folder, *options, **{name: f"{name}.csv" for name in names})
    names = ("costs", "exponents", "break_even", "subspace")
    options = ("--settings", json.dumps(settings["communication"]), "--seed", seed)
    run(communication, folder, *options, checks="c_checks.csv", **{name: f"{name}.csv" for name in names})
    options = ("--settings", json.dumps(settings["communication"]["noise"]), "--seed", seed)
    run(noise, folder, *options, costs="costs.csv", out="noise.csv", checks="n_checks.csv")
    options = ("--settings", json.dumps(settings["communication"]["pointer"]), "--seed", seed)
    run(pointer, folder, *options, out="pointer.csv")


@pytest.fixture(scope="module")
def results(tmp_path_factory, settings):
    folders = [tmp_path_factory.mktemp(f"run{number}") for number in range(3)]
    for folder, seed in zip(folders, (0, 0, 1), strict=True):
        run_all(folder, settings, seed)
    return folders


@pytest.mark.parametrize("name", ["sampling", "amplitude", "parameters", "costs", "noise", "pointer"])
def test_same_seed_same_bytes_and_another_seed_others(results, name):
    first, again, other = ((folder / f"{name}.csv").read_bytes() for folder in results)
    assert first == again != other
    assert stamp_path(results[0] / f"{name}.csv").exists()


def test_check_tables_name_value_and_interval(results):
    for name in ("checks", "c_checks", "n_checks"):
        table = pd.read_csv(results[0] / f"{name}.csv")
        assert list(table.columns) == ["name", "value", "low", "high", "ok"]
        assert (((table.value >= table.low) & (table.value <= table.high)) == table.ok).all()


def test_figures_are_drawn_from_stage_outputs(results):
    folder = results[0]
    names = ("sampling", "amplitude", "parameters", "failures", "slopes")
    jobs = [
        (plot_inference, {name: f"{name}.csv" for name in names}),
        (plot_communication, {name: f"{name}.csv" for name in ("costs", "exponents", "break_even")}),
        (plot_noise, {"table": "noise.csv"}),
        (plot_pointer, {"table": "pointer.csv"}),
        (plot_fig1, {}),
    ]
    for module, inputs in jobs:
        out = [folder / f"figure.{kind}" for kind in ("pdf", "png", "csv")]
        table = [folder / f"table.{kind}" for kind in ("csv", "md", "tex")] if module is plot_communication else []
        run(module, folder, "--out", *out, *(["--table", *table] if table else []), **inputs)
        assert all(path.stat().st_size > 100 for path in [*out, *table])
        assert len(pd.read_csv(out[2])) >= 4


def test_bad_settings_are_user_errors(tmp_path, settings, capsys):
    bad = {**settings["communication"], "accuracies": [[1.5, 0.1]], "qubits": [4, 5, 6]}
    bad["noise"] = bad["noise"] | {"executed": [5]}
    with pytest.raises(SystemExit) as stopped:
        run(
            communication,
            tmp_path,
            "--settings",
            json.dumps(bad),
            **{name: f"{name}.csv" for name in ("costs", "exponents", "break_even", "subspace", "checks")},
        )
    assert stopped.value.code == 2
    assert "outside (0, 1)" in capsys.readouterr().err
