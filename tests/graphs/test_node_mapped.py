"""Memory-mapped npz files hold what numpy reads; files that cannot be mapped are refused."""

import numpy as np
import pytest

from qcomm.errors import DataError
from qcomm.files import write_npz
from qcomm.graphs.mapped import map_npz

ARRAYS = {"a": np.arange(6.0).reshape(2, 3), "b": np.array(4), "c": np.zeros((0, 3)), "d": np.array(["x", "yz"])}


def test_maps_equal_what_numpy_reads(tmp_path):
    write_npz(tmp_path / "f.npz", ARRAYS | {"f": np.asfortranarray(np.arange(8).reshape(2, 4))})
    mapped = map_npz(tmp_path / "f.npz")
    with np.load(tmp_path / "f.npz") as expected:
        assert mapped.keys() == set(expected.files)
        for name, array in mapped.items():
            assert array.dtype == expected[name].dtype
            np.testing.assert_array_equal(array, expected[name])
    assert isinstance(mapped["a"], np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        mapped["a"][0, 0] = 1


def test_files_that_cannot_be_mapped_are_named(tmp_path):
    write_npz(tmp_path / "z.npz", ARRAYS, compress=True)
    with pytest.raises(DataError, match=r"z\.npz: .*compressed"):
        map_npz(tmp_path / "z.npz")
    write_npz(tmp_path / "f.npz", ARRAYS)
    (tmp_path / "g.npz").write_bytes((tmp_path / "f.npz").read_bytes()[:50])
    with pytest.raises(DataError, match=r"g\.npz: not a readable npz"):
        map_npz(tmp_path / "g.npz")
    np.savez(tmp_path / "o.npz", a=np.array([{}]))
    with pytest.raises(DataError, match="holds objects"):
        map_npz(tmp_path / "o.npz")
