"""Stamps notice changed outputs and mixed sources."""

import subprocess
import sys

import numpy as np
import pytest

from qcomm.audit.machine import peak_memory_mb
from qcomm.audit.stamps import merge_sources, read_stamp, stamp_path, verify, write_stamp
from qcomm.errors import StampError


@pytest.fixture
def result(tmp_path):
    path = tmp_path / "result.csv"
    path.write_text("a,b\n1,2\n")
    write_stamp(path, {"stage": "demo", "data_source": {"Cora": "pypi"}})
    return path


def test_an_untouched_output_verifies(result):
    assert verify(result)["stage"] == "demo"


def test_an_edited_output_is_named(result):
    result.write_text("a,b\n1,3\n")
    with pytest.raises(StampError, match="changed after stage demo") as error:
        verify(result)
    assert str(result) in str(error.value)


def test_a_missing_stamp_is_named(result):
    stamp_path(result).unlink()
    with pytest.raises(StampError, match="no stamp"):
        verify(result)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"stage": "x"}'])
def test_a_broken_stamp_is_named(result, text):
    stamp_path(result).write_text(text)
    with pytest.raises(StampError, match="not a stamp"):
        read_stamp(result)


def test_sources_merge_or_are_refused():
    pypi, mirror = {"data_source": {"Cora": "pypi"}}, {"data_source": {"Cora": "mirror"}}
    assert merge_sources([pypi, pypi, {"data_source": {"MUTAG": "mirror"}}]) == {"Cora": "pypi", "MUTAG": "mirror"}
    with pytest.raises(StampError, match="would be mixed") as error:
        merge_sources([pypi, mirror])
    assert "Cora" in str(error.value)


def test_peak_memory_is_that_of_the_process_itself():
    held = np.ones(40_000_000)  # 320 MB
    code = "from qcomm.audit.machine import peak_memory_mb; print(peak_memory_mb())"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert peak_memory_mb() > held.nbytes / 1e6
    assert float(child.stdout) < 200
