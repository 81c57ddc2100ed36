"""The configuration is strict, complete and documented."""

from pathlib import Path

import pytest
import yaml

from qcomm.config import complete, describe, load_schema
from qcomm.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def schema():
    return load_schema(ROOT / "workflow" / "schemas")


def configuration(*names: str) -> dict:
    merged: dict = {}
    for name in names:
        for section, values in yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text()).items():
            merged[section] = {**merged.get(section, {}), **values}
    return merged


@pytest.mark.parametrize("extra", [(), ("paper",), ("smoke",), ("paper", "reference")])
def test_shipped_configurations_are_valid(schema, extra):
    config = complete(configuration("hyperparameters", "config", *extra), schema)
    assert config["run"]["results"]


def test_missing_keys_have_defaults(schema):
    assert complete({}, schema)["run"]["results"] == "results"


def test_a_misspelt_key_is_named_with_a_suggestion(schema):
    with pytest.raises(ConfigError, match="did you mean 'results'") as error:
        complete({"run": {"resluts": "x"}}, schema)
    assert "run.resluts" in str(error.value)


def test_a_wrong_type_is_named(schema):
    with pytest.raises(ConfigError, match="not of type") as error:
        complete({"run": {"results": 3}}, schema)
    assert "run.results" in str(error.value)


@pytest.mark.parametrize("name", ["my/set", "", ".hidden", "a b"])
def test_own_names_are_file_names(schema, name):
    with pytest.raises(ConfigError, match="does not match") as error:
        complete({"data": {"own": {name: {"kind": "nodes", "path": "x.npz"}}}}, schema)
    assert "data.own" in str(error.value)


def test_every_key_has_description_and_default_or_is_required(schema):
    rows = list(describe(schema))
    assert len(rows) > 20
    assert [name for name, _, text in rows if not text] == []
    undecided = []
    for name, _, _ in rows:
        parent, _, key = name.rpartition(".")
        node = node_of(schema, parent)
        if "default" not in node["properties"][key] and key not in node.get("required", []):
            undecided.append(name)
    assert undecided == []


def node_of(schema, name):
    """The schema node of a dotted key; * stands for any name, [] for the items of a list."""
    for part in name.replace("[]", ".[]").split("."):
        if part == "[]":
            schema = schema["items"]
        elif part == "*":
            schema = schema["additionalProperties"]
        else:
            schema = schema["properties"][part]
    return schema


def test_config_readme_lists_every_key(schema):
    text = (ROOT / "config" / "README.md").read_text()
    assert [name for name, _, _ in describe(schema) if f"`{name}`" not in text] == []
