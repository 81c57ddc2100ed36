"""What a stamp says of the packages."""

import re
from importlib import metadata
from pathlib import Path

import pytest

from qcomm.audit import machine

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def asked_anew():
    machine.package_versions.cache_clear()
    yield
    machine.package_versions.cache_clear()


def test_packages_that_compute_or_draw_are_noted():
    versions = machine.package_versions()
    assert {"numpy", "torch", "numba", "matplotlib", "seaborn", "safetensors", "pyarrow", "sympy"} <= versions.keys()
    assert "missing" not in versions.values()
    assert versions["numpy"] == metadata.version("numpy")


def test_rivals_are_noted_where_they_are_installed(monkeypatch):
    def version(name: str) -> str:
        if name in ("jax", "numpy"):
            return "1.2"
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)
    versions = machine.package_versions()
    assert versions["jax"] == versions["numpy"] == "1.2"
    assert versions["torch"] == "missing"
    assert "qulacs" not in versions


def test_every_pinned_rival_is_known():
    pinned = re.findall(r"^([a-z-]+)==", (ROOT / "benchmarks" / "requirements.txt").read_text(), re.MULTILINE)
    assert set(pinned) == set(machine.PEERS)
