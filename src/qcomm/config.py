"""The configuration: one strict schema per section, defaults filled in, errors that name the key."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from qcomm.errors import ConfigError


def load_schema(folder: str | Path) -> dict[str, Any]:
    """One strict JSON schema put together from ``folder/SECTION.yaml``, one file per top-level section.

    Raises:
        ConfigError: the folder holds no schema.
    """
    files = sorted(Path(folder).glob("*.yaml"))
    if not files:
        raise ConfigError("no schema files (*.yaml)", where=str(folder))
    sections = {file.stem: yaml.safe_load(file.read_text(encoding="utf-8")) for file in files}
    return {"type": "object", "additionalProperties": False, "properties": sections}


def complete(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """A validated copy of `config` in which every missing key has its schema's default.

    Raises:
        ConfigError: a key is unknown, missing or has a wrong value; the message lists all such keys.
    """
    filled = _fill(json.loads(json.dumps(config)), schema)
    problems = list(_problems(filled, schema))
    if problems:
        first, *others = problems
        more = "".join(f"\n  also {where}: {what}" for where, what in others)
        raise ConfigError(
            first[1] + more, where=f"config key {first[0]}", fix="see config/README.md for every key and its default"
        )
    return filled


def _fill(value: Any, schema: Mapping[str, Any]) -> Any:
    if not isinstance(value, dict):
        return value
    for key, inner in schema.get("properties", {}).items():
        if key not in value and "default" in inner:
            value[key] = json.loads(json.dumps(inner["default"]))
        elif key not in value and inner.get("type") == "object" and "properties" in inner:
            value[key] = {}
        if key in value:
            value[key] = _fill(value[key], inner)
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict):
        for key in value.keys() - schema.get("properties", {}).keys():
            value[key] = _fill(value[key], extra)
    return value


def _problems(config: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    import jsonschema

    for error in jsonschema.Draft202012Validator(schema).iter_errors(config):
        where = [str(part) for part in error.absolute_path]
        if error.validator == "additionalProperties":
            known = list(error.schema.get("properties", {}))
            for key in sorted(error.instance.keys() - set(known)):
                yield ".".join([*where, key]), "unknown key" + _suggestion(key, known)
        elif error.validator == "enum":
            yield (
                ".".join(where),
                f"unknown value {error.instance!r}" + _suggestion(str(error.instance), map(str, error.validator_value)),
            )
        else:
            yield ".".join(where) or "(top)", error.message


def _suggestion(word: str, known) -> str:
    known = list(known)
    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(known)}"


def describe(schema: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """(key, default, description) of every key, sections in the order of the schema: the table of config/README.md."""
    for key, inner in schema.get("properties", {}).items():
        name = f"{prefix}{key}"
        if inner.get("type") == "object" and "properties" in inner:
            yield from describe(inner, f"{name}.")
        else:
            required = "default" not in inner and key in schema.get("required", [])
            default = "required" if required else json.dumps(inner.get("default"))
            yield name, default, " ".join(str(inner.get("description", "")).split())
        for part, where in ((inner.get("additionalProperties"), f"{name}.*."), (inner.get("items"), f"{name}[].")):
            if isinstance(part, dict) and "properties" in part:
                yield from describe(part, where)
