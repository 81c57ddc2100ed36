"""Stages without torch start in well under a second: nothing heavy is imported on the way to their work."""

import json
import subprocess
import sys

import pytest

from qcomm.audit.closure import ROOT, closure

PROBE = """
import importlib, json, resource, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
heavy = {"torch", "torch_geometric", "sklearn", "cirq", "matplotlib", "pandas"} & set(sys.modules)
print(json.dumps({"heavy": sorted(heavy), "user_s": resource.getrusage(resource.RUSAGE_SELF).ru_utime}))
"""


@pytest.mark.parametrize("stage", ["train_graphs", "train_nodes", "features_nodes", "features_graphs", "graphs"])
def test_a_stage_without_torch_starts_fast(stage):
    files = [file.relative_to(ROOT.parent).with_suffix("") for file in closure(f"qcomm.stages.{stage}")]
    names = [".".join(file.parts).removesuffix(".__init__") for file in files]
    done = subprocess.run([sys.executable, "-c", PROBE, *names], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["heavy"] == []
    assert found["user_s"] < 1.5  # about half a second on an idle machine


def test_folds_need_no_scikit_learn():
    code = "import sys, numpy; from qcomm.graphs.graph_training import split_of; "
    code += "split_of(numpy.arange(40) % 2, 0, 'honest'); print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
