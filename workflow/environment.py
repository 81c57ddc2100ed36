"""Write environment.yml from requirements.lock, so that conda users get the same pinned Python packages."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEAD = """\
# Made by `python workflow/environment.py` from requirements.lock; a test fails when the two disagree.
name: qcomm
channels:
  - conda-forge
  - nodefaults
dependencies:
  - python >=3.11,<3.13
  - pip
  - pip:
"""


def pins(lock: str) -> list[str]:
    """The pinned requirements of a lock file, torch first: packages that build on it must find it installed."""
    lines = [line.strip() for line in lock.splitlines()]
    found = [line for line in lines if line and not line.startswith("#")]
    return sorted(found, key=lambda line: (not line.startswith("torch=="), line.lower()))


def environment(lock: str) -> str:
    """The text of environment.yml."""
    return HEAD + "".join(f"      - {pin}\n" for pin in pins(lock)) + "      - -e .\n"


if __name__ == "__main__":
    (ROOT / "environment.yml").write_text(environment((ROOT / "requirements.lock").read_text()))
