"""The modules of this package that a module imports, directly or through others, found without running any of them."""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = "qcomm"
ROOT = Path(__file__).resolve().parents[1]  # the folder of the package


def module_file(name: str) -> Path | None:
    """The file of a dotted module name of this package; None where there is none (a function, another package)."""
    head, *parts = name.split(".")
    if head != PACKAGE:
        return None
    base = ROOT.joinpath(*parts)
    if (base / "__init__.py").is_file():
        return base / "__init__.py"
    file = base.with_suffix(".py")
    return file if parts and file.is_file() else None


@cache
def direct_imports(file: Path) -> frozenset[str]:
    """Dotted names that a file imports, at its top or inside functions; relative imports are refused by the style."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"), filename=str(file))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
            names.add(node.module)
    return frozenset(name for name in names if name.split(".")[0] == PACKAGE)


def with_parents(name: str) -> list[str]:
    """A module's name and those of its packages: importing ``a.b.c`` runs ``a`` and ``a.b`` too."""
    parts = name.split(".")
    return [".".join(parts[: i + 1]) for i in range(len(parts))]


@cache
def closure(name: str) -> tuple[Path, ...]:
    """Files of `name` and of every module of this package that it needs, sorted.

    Raises:
        ValueError: there is no such module.
    """
    if module_file(name) is None:
        raise ValueError(f"no module {name} in {PACKAGE}")
    todo, found = [name], set()
    while todo:
        for part in with_parents(todo.pop()):
            file = module_file(part)
            if file is not None and file not in found:
                found.add(file)
                todo.extend(direct_imports(file))
    return tuple(sorted(found))


def code_digest(name: str) -> str:
    """One sha256 over the paths and contents of `closure`."""
    digest = hashlib.sha256()
    for file in closure(name):
        digest.update(file.relative_to(ROOT).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
