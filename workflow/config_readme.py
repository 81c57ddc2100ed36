"""Write the table of keys into config/README.md from the schemas."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from qcomm.config import describe, load_schema  # noqa: E402  the checkout's own package

MARK = "has its default:\n"


def table() -> str:
    """All keys with default and description, as a Markdown table."""
    rows = describe(load_schema(ROOT / "workflow" / "schemas"))
    lines = [f"| `{name}` | `{default}` | {text} |" for name, default, text in rows]
    return "| key | default | meaning |\n|---|---|---|\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    path = ROOT / "config" / "README.md"
    head = path.read_text().split(MARK)[0]
    path.write_text(f"{head}{MARK}\n{table()}")
