"""`make paper` where a data set cannot be had and a method fails: what can be run is run, what cannot is told."""

import importlib.util
import sys

import pandas as pd
import pytest
import yaml
from small_project import MODEL, ROOT, Project

pytestmark = pytest.mark.workflow


def script():
    spec = importlib.util.spec_from_file_location("paper", ROOT / "workflow" / "paper.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_tables_are_made_from_what_there_is(tmp_path):
    project = Project(tmp_path)
    project.configure(data={"sources": ["mirror"]})
    run = {"name": "paper", "results": "results-paper", "figures": "figures-paper", "logs": "logs-paper"}
    nodes = {"datasets": ["mine", "Photo"], "seeds": [0], "methods": ["SIGN-poly"], "baselines": []}
    graphs = {"datasets": ["ours"], "gin": [], "honest": [], "baselines": ["logreg"], "models": {"ours": MODEL}}
    (tmp_path / "config" / "paper.yaml").write_text(yaml.safe_dump({"run": run, "nodes": nodes, "graphs": graphs}))
    broken = tmp_path / "src" / "qcomm" / "graphs" / "graph_linear.py"
    broken.write_text(broken.read_text() + "\nraise MemoryError\n")

    done = project.command([sys.executable, "workflow/paper.py", "--cores", "2", "tables"])
    assert done.returncode == 1, done.stdout[-3000:]
    told = done.stdout.splitlines()[-2:]
    assert "could not be had: Photo" in told[0]
    result = "results-paper/baselines_graphs/ours/logreg/seed0.json"
    log = result.replace("results", "logs").replace("json", "log")
    assert told[1] == f"failed: baselines_graphs: {result} (see {log})"

    first, fifth = (pd.read_csv(tmp_path / "figures-paper" / f"table{number}.csv") for number in (1, 5))
    assert set(first.query("mean != 'not run'").dataset) == {"mine"}
    assert len(fifth.query("source == 'measured' and mean != 'not run'")) == 0


def test_unfinished_folds_leave_their_network_out():
    outputs = [
        "r/train_graphs/A/GIN/honest/seed0/folds3-3.json",
        "r/train_graphs/A/GIN/honest/seed0/folds3-3.json.stamp.json",
    ]
    outputs += ["r/train_nodes/B/MLP/seed1.csv", "r/train_nodes/B/MLP/seed1.json"]
    expected = ["r/train_graphs/A/GIN/honest/seed0", "r/train_nodes/B/MLP/seed1"]
    assert script().left_out(outputs) == expected
