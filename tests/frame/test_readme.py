"""What the README says is what is there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_examples_run(capsys):
    for code in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        exec(compile(code, "README.md", "exec"), {})
    circuit, protocol = capsys.readouterr().out.splitlines()
    assert re.match(r"0\.\d+ 0\.\d+ 0\.\d+ Ledger\(370 messages, 1480 qubits, 0 bits, 0 ebits\)", circuit), circuit
    assert re.match(r"{'Bob': None, 'Alice': [01]} Ledger\(2 messages, 2 qubits, 1 bits, 0 ebits\)", protocol), protocol


def test_every_make_target_that_is_named_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", README, re.MULTILINE))
    assert {"figures", "test", "smoke", "paper"} <= named <= targets


def test_linked_files_exist():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if not link.startswith("http")]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
