"""Which modules a module needs, found by reading."""

from pathlib import Path

import pytest

from qcomm.audit import closure as subject


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package `qcomm` of four modules in a temporary folder: a -> b (inside a function) -> c; d stands alone."""
    root = tmp_path / "qcomm"
    (root / "sub").mkdir(parents=True)
    (root / "__init__.py").write_text("")
    (root / "sub" / "__init__.py").write_text("")
    (root / "a.py").write_text("def f():\n    from qcomm.sub import b\n    return b\n")
    (root / "sub" / "b.py").write_text("import os\nfrom qcomm.sub.c import value\n")
    (root / "sub" / "c.py").write_text("value = 1\n")
    (root / "d.py").write_text("import qcomm.a\n")
    monkeypatch.setattr(subject, "ROOT", root)
    clear()
    yield root
    clear()


def clear():
    subject.closure.cache_clear()
    subject.direct_imports.cache_clear()


def names(root: Path, module: str) -> list[str]:
    return [file.relative_to(root).as_posix() for file in subject.closure(module)]


def test_follows_imports_into_functions_and_packages(package):
    assert names(package, "qcomm.a") == ["__init__.py", "a.py", "sub/__init__.py", "sub/b.py", "sub/c.py"]
    assert names(package, "qcomm.sub.c") == ["__init__.py", "sub/__init__.py", "sub/c.py"]


def test_digest_follows_content_of_the_closure_only(package):
    before = subject.code_digest("qcomm.a")
    (package / "d.py").write_text("changed = True\n")
    clear()
    assert subject.code_digest("qcomm.a") == before
    (package / "sub" / "c.py").write_text("value = 2\n")
    clear()
    assert subject.code_digest("qcomm.a") != before


def test_unknown_module():
    with pytest.raises(ValueError, match="no module qcomm.nothing"):
        subject.closure("qcomm.nothing")
