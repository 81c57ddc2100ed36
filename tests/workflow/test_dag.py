"""The DAG on a small configuration: it ends, ends once, follows content, repeats bytes, and explains bad input."""

import json
import os
import shutil

import numpy as np
import pandas as pd
import pytest
from conftest import Project

pytestmark = pytest.mark.workflow


def test_all_tables_and_stamps_are_there(project):
    names = {path.name for path in (project.folder / "figures").iterdir()}
    for table in range(1, 6):
        for kind in ("csv", "md", "tex"):
            assert {f"table{table}.{kind}", f"table{table}.{kind}.stamp.json"} <= names
    table = pd.read_csv(project.folder / "figures" / "table5.csv")
    measured = table[(table.dataset == "ours") & (table["mean"] != "not run")]
    assert set(measured.method) == {"SIGN-poly", "logreg"}
    assert (table[table.dataset == "COLLAB"].query("source == 'measured'")["mean"] == "not run").all()
    stamp = json.loads((project.folder / "figures" / "table1.csv.stamp.json").read_text())
    assert stamp["data_source"] == {"mine": "own", "ours": "own"}
    wanted = {
        "stage",
        "parameters",
        "inputs",
        "code",
        "sha256",
        "git",
        "packages",
        "python",
        "cpu",
        "threads",
        "device",
    }
    assert wanted | {"started", "seconds", "peak_memory_mb"} <= stamp.keys()


def test_a_second_run_does_nothing_even_after_touching(project):
    assert "Nothing to be done" in project.run().stdout
    for folder in ("src", "data", "results", "workflow", "config"):
        for path in (project.folder / folder).rglob("*"):
            os.utime(path)
    assert "Nothing to be done" in project.run().stdout


def rules_to_run(output: str) -> set[str]:
    """Rule names in the job table of a dry run."""
    rows = output.split("Job stats:")[1].split("total")[0].splitlines()
    return {row.split()[0] for row in rows if row and row.split()[-1].isdigit()}


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("figures/accuracy.py", {"tables"}),
        ("graphs/decision.py", {"train_nodes", "tables"}),
        ("graphs/graph_linear.py", {"baselines_graphs", "tables"}),
        ("data/readers/tu.py", {"graphs", "features_nodes", "features_graphs", "train_nodes", "train_graphs"}),
    ],
)
def test_editing_a_module_reruns_its_dependants_only(project, module, expected):
    file = project.folder / "src" / "qcomm" / module
    before = file.read_text()
    file.write_text(before + "\n# edited\n")
    planned = rules_to_run(project.run("--dry-run").stdout)
    file.write_text(before)
    assert expected <= planned
    assert len(expected) > 3 or planned == expected


def test_one_core_another_folder_and_by_hand_give_the_same_bytes(project, tmp_path):
    expected = project.csvs()
    other = Project(tmp_path)
    done = other.run(cores=1)
    assert done.returncode == 0, done.stdout[-2000:]
    assert other.csvs() == expected
    result = "results/train_nodes/mine/SIGN-poly/seed0"
    endings = ("json", "csv", "safetensors")
    old = [(other.folder / f"{result}.{ending}").read_bytes() for ending in endings]
    command = ["python", "-m", "qcomm.stages.train_nodes", "--features", "results/features_nodes/mine.npz"]
    command += ["--dataset", "mine", "--method", "SIGN-poly", "--seed", "0", "--epochs", "20", "--model"]
    model = json.loads((other.folder / f"{result}.json.stamp.json").read_text())["parameters"]["model"]
    command += [
        json.dumps(model),
        "--out",
        "by-hand.json",
        "--curve",
        "by-hand.csv",
        "--weights",
        "by-hand.safetensors",
    ]
    assert other.command(command).returncode == 0
    assert [(other.folder / f"by-hand.{ending}").read_bytes() for ending in endings] == old
    other.configure(nodes={"seeds": [0, 7]})
    assert other.run().returncode == 0
    assert other.csvs()["table1.csv"] != expected["table1.csv"]


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"nodes": {"epohcs": 5}}, ["nodes.epohcs", "did you mean 'epochs'"]),
        ({"nodes": {"epochs": "many"}}, ["nodes.epochs", "'many' is not of type 'integer'"]),
        ({"data": {"own": {"mine": {"kind": "node", "path": "x"}}}}, ["data.own.mine.kind", "did you mean 'nodes'"]),
        ({"graphs": {"datasets": ["nowhere"]}}, ["graphs.datasets", "'nowhere'"]),
        ({"nodes": {"datasets": ["Corra"]}}, ["Corra", "did you mean Cora"]),
        ({"nodes": {"datasets": ["Cora"]}, "data": {"sources": ["mirror"]}}, ["mirror", "data.mirror", "QCOMM_MIRROR"]),
    ],
)
def test_bad_configuration_is_explained(project, sections, words):
    before = project.csvs()
    project.configure(**sections)
    done = project.run()
    project.configure()
    assert done.returncode == 1
    for word in words:
        assert word in done.stdout
    assert project.csvs() == before
    assert list((project.folder / "data").rglob("*.part")) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"features": np.full((40, 6), np.nan)}, ["mine.npz", "NaN"]),
        ({"labels": np.arange(40) % 2 * 4}, ["mine.npz", "empty classes: [1, 2, 3]"]),
        ({"valid": np.array([], int)}, ["mine.npz", "the valid split is empty"]),
        ({"edges": np.array([[0], [99]])}, ["key edges", "nodes 0 and 99"]),
    ],
)
def test_bad_data_are_explained(project, changes, words):
    before = project.csvs()
    good = (
        (project.folder / "data/raw/mine.zip").read_bytes(),
        (project.folder / "results/graphs/mine.npz").read_bytes(),
    )
    project.write_data(**changes)
    done = project.run("--forcerun", "fetch", "--until", "graphs", "--", "tables")
    assert done.returncode == 1
    for word in words:
        assert word in done.stdout
    assert not (project.folder / "results/graphs/mine.npz").exists()
    assert list(project.folder.rglob(".*.part")) == []
    assert project.csvs() == before
    project.write_data()
    assert project.run("--forcerun", "fetch", "--until", "graphs", "--", "tables").returncode == 0
    assert (
        (project.folder / "data/raw/mine.zip").read_bytes(),
        (project.folder / "results/graphs/mine.npz").read_bytes(),
    ) == good


def test_a_tampered_result_is_noticed_by_its_reader(tmp_path, project):
    shutil.copytree(project.folder, tmp_path / "copy")
    copy = Project.__new__(Project)
    copy.folder = tmp_path / "copy"
    result = copy.folder / "results/train_nodes/mine/SIGN-poly/seed0.json"
    result.write_text(result.read_text().replace('"epochs": 20', '"epochs": 1000'))
    done = copy.run("--forcerun", "tables")
    assert done.returncode == 1
    assert "seed0.json: the file was changed after stage train_nodes wrote it" in done.stdout


def test_features_are_shared_through_snakemakes_cache(tmp_path, monkeypatch):
    (tmp_path / "cache").mkdir()
    monkeypatch.setenv("SNAKEMAKE_OUTPUT_CACHE", str(tmp_path / "cache"))
    target = "results/features_nodes/mine.npz"
    outputs = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        made = Project(tmp_path / name)
        done = made.run("--cache", "features_nodes", "--", target)
        assert done.returncode == 0, done.stdout[-2000:]
        outputs.append((made.folder / target).read_bytes())
        stamps = (made.folder / f"{target}.stamp.json").read_text()
    assert outputs[0] == outputs[1]
    assert len(list((tmp_path / "cache").iterdir())) >= 2
    first = (tmp_path / "one" / f"{target}.stamp.json").read_text()
    assert stamps == first  # the second working copy took features and stamp over, it did not compute them
