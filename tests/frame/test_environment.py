"""conda and pip install the same pinned packages, and these are the installed ones."""

import importlib.util
import re
from importlib import metadata
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


def load_maker():
    spec = importlib.util.spec_from_file_location("environment", ROOT / "workflow" / "environment.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lock_pins() -> dict[str, str]:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    return dict(line.lower().split("==") for line in lines if line and not line.startswith("#"))


def test_environment_yml_has_the_pins_of_the_lock():
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    pip = next(entry["pip"] for entry in dependencies if isinstance(entry, dict))
    assert dict(pin.lower().split("==") for pin in pip if pin != "-e .") == lock_pins()
    assert (ROOT / "environment.yml").read_text() == load_maker().environment((ROOT / "requirements.lock").read_text())


def test_every_declared_dependency_is_pinned_and_installed_so():
    pins = lock_pins()
    declared = re.findall(r'^    "([a-zA-Z0-9_-]+)>=', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert len(declared) > 15
    assert {"jsonschema", "llvmlite", "sympy"} <= set(declared)
    for name in declared:
        assert metadata.version(name).split("+")[0] == pins[name], name


def test_torch_is_pinned_without_local_tag_or_hash():
    assert lock_pins()["torch"] == "2.13.0"
    assert "--hash" not in (ROOT / "requirements.lock").read_text()
