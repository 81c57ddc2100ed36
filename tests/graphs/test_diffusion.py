"""Diffusion without an operator matrix against scipy, its independence of threads and panels, bfloat16's error."""

import json

import numpy as np
import pytest
import torch
from scipy import sparse

from qcomm.audit.stamps import write_stamp
from qcomm.errors import ConfigError, DataError
from qcomm.files import read_npz, sha256_of, write_npz
from qcomm.graphs.bfloat import Bfloat16, narrowed, relative_bound, widened
from qcomm.graphs.diffusion import diffusion, steps
from qcomm.graphs.diffusion_store import Features, drop_pages, hop_streams, npz_writer
from qcomm.graphs.mapped import map_npz
from qcomm.graphs.operators import operator, with_self_loops
from qcomm.seeds import generator
from qcomm.stages import features_nodes
from qcomm.stages.frame import execute

NODES, WIDTH = 700, 37


def directed(weighted: bool) -> sparse.csr_array:
    """A directed graph with isolated nodes, some self-loops and rows of 0 to 60 edges."""
    rng = generator("diffusion test")
    full = rng.random((NODES, NODES)) < rng.random((NODES, 1)) * 0.1
    full[:20] = False
    values = full * (rng.random((NODES, NODES)) + 0.5 if weighted else 1.0)
    return sparse.csr_array(values.astype(np.float32))


def start_features(rng=None) -> np.ndarray:
    return (rng or generator("diffusion features")).random((NODES, WIDTH), np.float32)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loops", [False, True])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 3e-6), (np.float64, 1e-13)])
def test_steps_equal_products_with_the_operator_matrix(weighted, loops, dtype, tolerance):
    adjacency, x = directed(weighted), start_features().astype(dtype)
    matrix = operator("sign", with_self_loops(adjacency) if loops else adjacency, np.float64)
    expected = x.astype(np.float64)
    for hop in steps(diffusion(adjacency, self_loops=loops, dtype=dtype), x, 4):
        expected = matrix @ expected
        assert hop.dtype == dtype
        np.testing.assert_allclose(hop, expected, rtol=tolerance, atol=tolerance * 1e-2)


def test_threads_do_not_change_a_bit():
    operator_, x = diffusion(directed(True)), np.tile(start_features(), (1, 3))
    one, two = list(steps(operator_, x, 3)), list(steps(operator_, x, 3, threads=2))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("storage", ["float32", "bfloat16"])
@pytest.mark.parametrize("normalised", [False, True])
def test_panels_of_columns_give_the_bits_of_the_whole(tmp_path, storage, normalised):
    adjacency, features = directed(False), Features(start_features(), row_normalised=normalised)
    options = {"folder": tmp_path, "storage": storage}
    size = 4 if storage == "float32" else 2
    parts = []
    for memory in (1.0, 20 * NODES * size / 1e6):  # all columns, then panels of 16
        streams = hop_streams(diffusion(adjacency), features, 3, memory_mb=memory, **options)
        parts.append([np.concatenate([block.copy() for block in blocks]) for blocks in streams])
    whole, panels = parts
    assert len(whole) == 4
    assert not list(tmp_path.iterdir())
    for a, b in zip(whole, panels, strict=True):
        assert a.shape == (NODES, WIDTH)
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(whole[1], whole[2])


def test_bfloat16_rounds_as_torch_does():
    rng = generator("bfloat")
    values = (rng.standard_normal(4000) * 10.0 ** rng.integers(-30, 30, 4000)).astype(np.float32)
    values[:4] = [1 + 2**-8, 1 + 3 * 2**-8, 0, -1 - 2**-8]  # ties go to even
    expected = torch.from_numpy(values).to(torch.bfloat16).to(torch.float32).numpy()
    np.testing.assert_array_equal(widened(narrowed(values)), expected)
    np.testing.assert_array_equal(
        Bfloat16(narrowed(values).reshape(40, 100))[[3, 1]], expected.reshape(40, 100)[[3, 1]]
    )
    for bad in (np.nan, np.inf, 3.4e38):
        with pytest.raises(DataError, match="bfloat16"):
            narrowed(np.array([bad]))


def test_bfloat16_stays_within_its_stated_error_and_comes_near_it():
    operator_, x = diffusion(directed(False)), start_features()
    exact = steps(diffusion(directed(False), dtype=np.float64), x.astype(np.float64), 5)
    rounded = steps(operator_, narrowed(x), 5)
    for count, (a, b) in enumerate(zip(exact, rounded, strict=True), 1):
        assert b.dtype == np.uint16
        error = np.abs(widened(b) - a)[a > 0] / a[a > 0]
        assert 2.0**-10 < error.max() <= relative_bound(count) + 1e-6
    one = np.abs(widened(narrowed(x)) - x)[x > 0] / x[x > 0]
    assert 0.5 * relative_bound(0) < one.max() <= relative_bound(0)


def stage(tmp_path, name, *options):
    """Run the features stage on a graph with dense features; returns what it wrote and its path."""
    source, out = tmp_path / "graph.npz", tmp_path / f"{name}.npz"
    if not source.exists():
        adjacency, labels = directed(False), np.arange(NODES) % 3
        splits = np.split(np.arange(NODES), [100, 200])
        arrays = {f"split_{key}": part for key, part in zip(("train", "valid", "test"), splits, strict=True)}
        arrays |= {"adjacency_indptr": adjacency.indptr, "adjacency_indices": adjacency.indices}
        arrays |= {"adjacency_shape": np.array(adjacency.shape), "features": start_features(), "labels": labels}
        write_npz(source, arrays | {"kind": np.array("graph"), "name": np.array("x"), "provenance": np.array("{}")})
        write_stamp(source, {"stage": "benchmark_graph", "data_source": {"x": "test"}})
    words = ["--graph", source, "--hops", 3, "--out", out, *options]
    execute(features_nodes.__file__, features_nodes.arguments, features_nodes.run, [str(word) for word in words])
    return read_npz(out), out


def test_the_stage_writes_the_same_bytes_whatever_the_memory_and_stamps_the_peak(tmp_path):
    arrays, path = stage(tmp_path, "whole")
    _, small = stage(tmp_path, "small", "--memory-mb", 20 * NODES * 4 / 1e6, "--threads", 2)
    assert sha256_of(path) == sha256_of(small)
    assert json.loads(path.with_suffix(".npz.stamp.json").read_text())["peak_memory_mb"] > 10
    expected = operator("sign", directed(False), np.float64) @ start_features().astype(np.float64)
    np.testing.assert_allclose(arrays["hop1"], expected, rtol=3e-6, atol=1e-8)
    bits, _ = stage(tmp_path, "bits", "--storage", "bfloat16")
    np.testing.assert_array_equal(widened(bits["hop0_bfloat16"]), widened(narrowed(start_features())))


def test_the_stage_fails_without_the_kernel(tmp_path, monkeypatch):
    def broken(*_):
        raise RuntimeError("patched")

    monkeypatch.setattr("qcomm.graphs.diffusion.diffuse", broken)
    with pytest.raises(RuntimeError, match="patched"):
        stage(tmp_path, "broken")


def test_bad_input_is_refused(tmp_path):
    good, x = diffusion(directed(False)), start_features()
    with pytest.raises(DataError, match="square"):
        diffusion(sparse.csr_array((2, 3)))
    with pytest.raises(DataError, match="non-negative"):
        diffusion(sparse.csr_array(-np.eye(2)))
    with pytest.raises(DataError, match="700 nodes.* 699 rows"):
        list(hop_streams(good, Features(x[1:]), 1, folder=tmp_path))
    with pytest.raises(DataError, match="NaN"):
        list(hop_streams(good, Features(np.where(x == x[3, 3], np.nan, x)), 1, folder=tmp_path))
    with pytest.raises(ConfigError, match="hops"):
        list(hop_streams(good, Features(x), -1, folder=tmp_path))
    with pytest.raises(ConfigError, match="16 columns"):
        list(hop_streams(good, Features(x), 1, folder=tmp_path, memory_mb=0.01))


def test_streamed_npz_equals_numpys_and_counts_its_rows(tmp_path):
    values = np.arange(12, dtype=np.float32).reshape(4, 3)
    with npz_writer(tmp_path / "a.npz") as archive:
        archive.stream("x", (4, 3), np.float32, [values[:3], values[3:]])
        archive.add({"empty": np.empty((0, 2)), "name": np.array("word"), "many": values.T})
    found = read_npz(tmp_path / "a.npz")
    np.testing.assert_array_equal(found["x"], values)
    np.testing.assert_array_equal(found["many"], values.T)
    assert str(found["name"]) == "word"
    assert found["empty"].shape == (0, 2)
    mapped = map_npz(tmp_path / "a.npz")["x"]
    drop_pages(mapped)
    np.testing.assert_array_equal(mapped, values)
    with pytest.raises(DataError, match="x: 9 values"), npz_writer(tmp_path / "b.npz") as archive:
        archive.stream("x", (4, 3), np.float32, [values[:3]])
    assert not (tmp_path / "b.npz").exists()
