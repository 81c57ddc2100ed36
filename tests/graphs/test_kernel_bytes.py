"""A process that compiles the kernels computes the same bytes as one that loads them from the cache."""

import shutil
import subprocess
import sys
from pathlib import Path

import qcomm

CODE = """
import hashlib
import numpy as np
from qcomm.graphs.graph_blocks import prepare
from qcomm.graphs.graph_network import GraphNetwork
from qcomm.graphs.graph_settings import GraphModel
from qcomm.seeds import generator

rng = generator("kernel bytes")
offsets, labels = np.arange(0, 401, 10), np.arange(40) % 2
features = rng.random((400, 12), np.float32)
data = prepare(features, offsets, labels, hops=3, moments=True, batch=20)
network = GraphNetwork(GraphModel("poly", 100, "batch", 0.0, 20, 0.01, 0.0), data, 300, 2, rng)
for step in range(20):
    network.train_step(rng.permutation(40)[:20], 0.01)
print(hashlib.sha256(network.flat.tobytes()).hexdigest())
"""


def test_compiled_and_cached_kernels_give_the_same_bytes(tmp_path):
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(qcomm.__file__).parent, tmp_path / "qcomm", ignore=ignore)  # without any cache
    command = [sys.executable, "-c", CODE]
    runs = [subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True) for _ in range(2)]
    assert runs[0].stdout == runs[1].stdout
