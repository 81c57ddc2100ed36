"""The DAG on a small configuration: it ends, ends once, follows content, repeats bytes, and explains bad input."""

import json
import os
import resource
import shutil

import numpy as np
import pandas as pd
import pytest
from small_project import MODEL, Project

pytestmark = pytest.mark.workflow

NODE_RULES = {"features_nodes", "train_nodes", "tables"}  # what follows from a node set


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
    for output, files in (
        ("data/raw/mine.zip", {"datasets.tsv", "wheels.tsv", "containers.tsv"}),
        ("results/graphs/mine.npz", {"datasets.tsv", "cora_planetoid_order.txt", "mutag_gin_order.txt"}),
    ):
        inputs = json.loads((project.folder / f"{output}.stamp.json").read_text())["inputs"]
        assert {f"data/{file}" for file in files} <= inputs.keys()
        assert all(len(digest) == 64 for digest in inputs.values())
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
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert "Nothing to be done" in project.run().stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 5  # not wall: others may be at work
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
        ("data/readers/tu.py", {"graphs", "features_graphs", "train_graphs", "baselines_graphs"} | NODE_RULES),
    ],
)
def test_editing_a_module_reruns_its_dependants_only(project, module, expected):
    file = project.folder / "src" / "qcomm" / module
    before = file.read_text()
    file.write_text(before + "\n# edited\n")
    planned = rules_to_run(project.run("--dry-run").stdout)
    file.write_text(before)
    assert planned == expected


def test_editing_own_data_reruns_their_dependants_only(project):
    project.write_data(labels=np.arange(40) // 20)
    planned = project.run("--dry-run").stdout
    project.write_data()
    assert rules_to_run(planned) == {"fetch", "graphs"} | NODE_RULES
    assert "results/graphs/ours.npz" not in planned
    edges = project.folder / "tu" / "T_A.txt"
    before = edges.read_text()
    edges.write_text(before + "1, 3\n")
    planned = project.run("--dry-run").stdout
    edges.write_text(before)
    assert {"fetch", "graphs", "features_graphs", "train_graphs"} <= rules_to_run(planned)
    assert "results/graphs/mine.npz" not in planned


def test_another_own_data_set_reruns_nothing(project):
    own = {"mine": {"kind": "nodes", "path": "mine.npz"}, "ours": {"kind": "graphs", "path": "tu"}}
    project.configure(data={"own": own | {"more": {"kind": "nodes", "path": "more.npz"}}})
    done = project.run("--dry-run")
    project.configure()
    assert "Nothing to be done" in done.stdout


def test_one_core_another_folder_and_by_hand_give_the_same_bytes(project, tmp_path):
    expected = project.csvs()
    other = Project(tmp_path)
    done = other.run(cores=1)
    assert done.returncode == 0, done.stdout[-2000:]
    assert other.csvs() == expected
    result = "results/train_nodes/mine/SIGN-poly/seed0"
    endings = ("json", "csv", "safetensors")
    old = [(other.folder / f"{result}.{ending}").read_bytes() for ending in endings]
    options = ["--features", "results/features_nodes/mine.npz", "--dataset", "mine", "--method", "SIGN-poly"]
    options += ["--seed", "0", "--epochs", "20", "--model", json.dumps(stamp(other, f"{result}.json")["model"])]
    by_hand(other, "train_nodes", *options, *outputs(endings, ("--out", "--curve", "--weights")))
    assert [(other.folder / f"by-hand.{ending}").read_bytes() for ending in endings] == old
    graph_training_by_hand(other)
    tables_by_hand(other)
    other.configure(nodes={"seeds": [0, 7]}, graphs={"models": {"ours": MODEL | {"seed": 3}}})
    assert other.run().returncode == 0
    changed = other.csvs()
    assert [table for table in ("table1.csv", "table2.csv", "table5.csv") if changed[table] == expected[table]] == []


def stamp(project, output: str) -> dict:
    """Parameters that a stage recorded."""
    return json.loads((project.folder / f"{output}.stamp.json").read_text())["parameters"]


def outputs(endings, flags) -> list[str]:
    return [word for ending, flag in zip(endings, flags, strict=True) for word in (flag, f"by-hand.{ending}")]


def by_hand(project, stage: str, *options: str) -> None:
    done = project.command(["python", "-m", f"qcomm.stages.{stage}", *options])
    assert done.returncode == 0, done.stdout


def graph_training_by_hand(project) -> None:
    result, endings = "results/train_graphs/ours/SIGN-poly/honest/seed0/folds0-9", ("json", "safetensors")
    options = ["--features", "results/features_graphs/ours.npz", "--dataset", "ours", "--method", "SIGN-poly"]
    options += ["--protocol", "honest", "--seed", "0", "--folds", *map(str, range(10)), "--epochs", "2", "--model"]
    options += [json.dumps(stamp(project, f"{result}.json")["model"]), *outputs(endings, ("--out", "--weights"))]
    by_hand(project, "train_graphs", *options)
    for ending in endings:
        assert (project.folder / f"by-hand.{ending}").read_bytes() == (
            project.folder / f"{result}.{ending}"
        ).read_bytes()


def tables_by_hand(project) -> None:
    facts = json.loads((project.folder / "figures/table1.csv.stamp.json").read_text())
    flags = {"train_nodes json": "--nodes", "train_nodes csv": "--node-curves", "graphs json": "--statistics"}
    flags |= {"train_graphs json": "--graphs", "baselines_graphs json": "--graphs", "published.tsv tsv": "--published"}
    chosen: dict[str, list[str]] = {}
    for path in facts["inputs"]:
        chosen.setdefault(flags[f"{path.split('/')[1]} {path.split('.')[-1]}"], []).append(path)
    options = [word for flag, paths in chosen.items() for word in (flag, *paths)]
    files = [path.name for path in (project.folder / "figures").iterdir() if ".stamp." not in path.name]
    first = [name for name in files if name == "table1.csv"]
    options += ["--settings", json.dumps(facts["parameters"]["settings"]), "--out"]
    by_hand(project, "tables", *options, *(f"by-hand/{name}" for name in first + sorted(set(files) - set(first))))
    made = {path.name: path.read_bytes() for path in sorted((project.folder / "by-hand").glob("*.csv"))}
    assert made == project.csvs()


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"nodes": {"epohcs": 5}}, ["nodes.epohcs", "did you mean 'epochs'"]),
        ({"nodes": {"epochs": "many"}}, ["nodes.epochs", "'many' is not of type 'integer'"]),
        ({"data": {"own": {"mine": {"kind": "node", "path": "x"}}}}, ["data.own.mine.kind", "did you mean 'nodes'"]),
        ({"graphs": {"datasets": ["nowhere"]}}, ["graphs.datasets", "'nowhere'"]),
        ({"nodes": {"datasets": ["Corra"]}}, ["config key nodes.datasets", "Corra", "did you mean Cora"]),
        ({"privacy": {"datasets": ["MUTGA"]}}, ["config key privacy.datasets", "MUTGA", "did you mean MUTAG"]),
        ({"data": {"own": {"a/b": {"kind": "nodes", "path": "x"}}}}, ["data.own", "'a/b' does not match"]),
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
    done = project.run("--until", "graphs", "--", "tables")
    assert done.returncode == 1
    for word in words:
        assert word in done.stdout
    assert not (project.folder / "results/graphs/mine.npz").exists()
    assert list(project.folder.rglob(".*.part")) == []
    assert project.csvs() == before
    project.write_data()
    assert project.run("--until", "graphs", "--", "tables").returncode == 0
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


def test_downloads_and_features_are_shared_through_snakemakes_cache(tmp_path, monkeypatch):
    (tmp_path / "cache").mkdir()
    monkeypatch.setenv("SNAKEMAKE_OUTPUT_CACHE", str(tmp_path / "cache"))
    target = "results/features_nodes/mine.npz"
    outputs = []
    for name, changes in (("one", {}), ("two", {}), ("other", {"labels": np.arange(40) // 20})):
        (tmp_path / name).mkdir()
        made = Project(tmp_path / name)
        made.write_data(**changes)
        done = made.run("--cache", "fetch", "features_nodes", "--", target)
        assert done.returncode == 0, done.stdout[-2000:]
        files = ("data/raw/mine.zip", target)
        outputs.append([(made.folder / f"{file}{end}").read_bytes() for file in files for end in ("", ".stamp.json")])
    # The second working copy took bundle, features and their stamps, with the times in them; it did not compute them.
    assert outputs[0] == outputs[1]
    # The third has other data at the same place and shares nothing.
    assert [one for one, other in zip(outputs[0], outputs[2], strict=True) if one == other] == []
