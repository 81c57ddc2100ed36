"""Run the paper's grid as far as its data can be had, and say what could not be had.

Raw files are fetched first, each data set on its own; the run then covers those that came. What is missing reads
"not run" in the tables and is listed at the end.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import yaml

CONFIG = Path("config/paper.yaml")


def snakemake(*arguments: str) -> int:
    """Run Snakemake with its output passed through; returns its exit code."""
    return subprocess.run(["snakemake", *arguments], check=False).returncode


def wanted(config: dict) -> dict[str, list[str]]:
    """Data sets of the node and graph sections."""
    return {section: config[section]["datasets"] for section in ("nodes", "graphs")}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cores", default="all")
    cores = parser.parse_args().cores
    config = yaml.safe_load(CONFIG.read_text())
    sets = wanted(config)
    bundles = {name: Path("data/raw") / f"{name}.zip" for names in sets.values() for name in names}
    common = ["--cores", cores, "--configfile", str(CONFIG)]
    snakemake(*(str(path) for path in bundles.values()), "--keep-going", *common)
    missing = sorted(name for name, path in bundles.items() if not path.exists())
    available = {section: {"datasets": [n for n in names if n not in missing]} for section, names in sets.items()}
    override = Path(config["run"]["results"]) / "available.yaml"
    override.parent.mkdir(parents=True, exist_ok=True)
    override.write_text(yaml.safe_dump(available))
    code = snakemake(*common, str(override))
    for name in missing:
        print(f'could not be had: {name} (its rows read "not run"; see {config["run"]["logs"]}/fetch/{name}.log)')
    return code


if __name__ == "__main__":
    sys.exit(main())
