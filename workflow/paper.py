"""Run the paper's grid as far as it can be run, and say what could not.

Data sets are fetched and read first, each on its own; the run then covers those that came. Where jobs fail, the tables
are made from the results that are there. What is missing reads "not run" in the tables and is listed at the end.
"""

from __future__ import annotations

import argparse
import csv
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

CONFIG = Path("config/paper.yaml")


def snakemake(*arguments: str) -> int:
    """Run Snakemake with its output passed through; returns its exit code."""
    return subprocess.run(["snakemake", *arguments], check=False).returncode


def failed_jobs(log: str) -> list[str]:
    """``rule: output (see log)`` of every failed job in a log of Snakemake."""
    found = {}
    for block in re.split(r"^(?=Error in rule )", log, flags=re.MULTILINE)[1:]:
        rule = block.split()[3].rstrip(":")
        # The first of each: other jobs' blocks may follow.
        facts = dict(reversed(re.findall(r"^    (output|log): ([^\s,]+)", block, re.MULTILINE)))
        found[facts.get("output", rule)] = f"{rule}: {facts.get('output')} (see {facts.get('log')})"
    return sorted(found.values())


def unfinished(*arguments: str) -> list[str]:
    """Outputs that a run of Snakemake with these arguments would still make; exits where it cannot even plan."""
    done = subprocess.run(["snakemake", "--summary", *arguments], check=False, text=True, stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit(done.returncode)  # Snakemake has said why
    rows = csv.DictReader(done.stdout.splitlines(), delimiter="\t")
    return [row["output_file"] for row in rows if row["plan"] == "update pending"]


def left_out(outputs: Iterable[str]) -> list[str]:
    """Names for the key run.leave_out: results without ending; all folds of a network where one is unfinished."""
    paths = [Path(output) for output in outputs if not output.endswith(".stamp.json")]
    return sorted({str(path.parent if path.name.startswith("folds") else path.with_suffix("")) for path in paths})


def without(config: Mapping[str, Any], missing: Iterable[str], leave_out: Iterable[str] = ()) -> dict[str, Any]:
    """What is given after the paper's configuration to leave out data sets and single results."""
    gone = set(missing)
    kept = {name: [one for one in config[name]["datasets"] if one not in gone] for name in ("nodes", "graphs")}
    return {name: {"datasets": names} for name, names in kept.items()} | {"run": {"leave_out": list(leave_out)}}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cores", default="all")
    parser.add_argument("targets", nargs="*", help="what to make; by default everything")
    args = parser.parse_args()
    config = yaml.safe_load(CONFIG.read_text())
    results = Path(config["run"]["results"])
    override = results / "available.yaml"
    common = ["--cores", args.cores, "--keep-going", "--configfile", str(CONFIG)]

    names = sorted({name for section in ("nodes", "graphs") for name in config[section]["datasets"]})
    graphs = {name: results / "graphs" / f"{name}.json" for name in names}
    snakemake(*common, "--", *map(str, graphs.values()))
    missing = [name for name, path in graphs.items() if not path.exists()]
    override.parent.mkdir(parents=True, exist_ok=True)
    override.write_text(yaml.safe_dump(without(config, missing)))

    code, failed = snakemake(*common, str(override), "--", *args.targets), []
    if code:
        log = newest_log().read_text(errors="replace")
        pending = unfinished(*common, str(override), "--", "tables")
        failed = failed_jobs(log)
        gone = [name for name, path in graphs.items() if name in missing or str(path) in pending]
        override.write_text(yaml.safe_dump(without(config, gone, left_out(pending))))
        snakemake(*common, str(override), "--", "tables")
    logs = config["run"]["logs"]
    for name in missing:
        print(f'could not be had: {name} (its rows read "not run"; see {name}.log in {logs}/fetch and {logs}/graphs)')
    for job in failed:
        print(f"failed: {job}")
    return code


def newest_log() -> Path:
    """The log of Snakemake's last run in this folder."""
    return max(Path(".snakemake/log").glob("*.log"), key=lambda path: path.stat().st_mtime)


if __name__ == "__main__":
    sys.exit(main())
