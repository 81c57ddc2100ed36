"""Files are whole or absent, and equal content is equal bytes."""

import time

import numpy as np
import pandas as pd
import pytest

from qcomm.files import git_blob_id, read_json, read_npz, sha256_of, write_csv, write_json, write_npz, write_text


def test_a_failed_write_leaves_the_old_file_and_no_part(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "half \ud800")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.txt"]


def test_npz_bytes_do_not_depend_on_time_or_order(tmp_path):
    arrays = {"b": np.arange(3), "a": np.eye(2, dtype=np.float32)}
    write_npz(tmp_path / "one.npz", arrays)
    time.sleep(2.1)  # the time stamps of zip members have a resolution of two seconds
    write_npz(tmp_path / "two.npz", dict(reversed(arrays.items())))
    assert sha256_of(tmp_path / "one.npz") == sha256_of(tmp_path / "two.npz")
    assert np.array_equal(read_npz(tmp_path / "two.npz")["a"], np.eye(2))


def test_npz_refuses_objects(tmp_path):
    with pytest.raises(ValueError, match="[Oo]bject"):
        write_npz(tmp_path / "x.npz", {"a": np.array([{}], dtype=object)})
    assert list(tmp_path.iterdir()) == []


def test_json_refuses_nan_and_keeps_floats(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "x.json", {"a": float("nan")})
    write_json(tmp_path / "x.json", {"a": 0.1 + 0.2})
    assert read_json(tmp_path / "x.json")["a"] == 0.1 + 0.2


def test_csv_keeps_floats(tmp_path):
    write_csv(tmp_path / "x.csv", pd.DataFrame({"a": [1 / 3]}))
    assert pd.read_csv(tmp_path / "x.csv")["a"][0] == 1 / 3


def test_git_blob_id(tmp_path):
    (tmp_path / "x").write_bytes(b"hello\n")
    assert git_blob_id(tmp_path / "x") == "ce013625030ba8dba906f756967f9e9ca394464a"  # git hash-object
