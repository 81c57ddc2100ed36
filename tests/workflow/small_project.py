"""A small copy of the project in a temporary folder, with a data set of its own, in which Snakemake runs for real."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import yaml

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("Snakefile", "workflow", "config", "profiles", "src", "data", "environment.yml")

MODEL = {"hidden": 2, "norm": "batch", "gcn": 1, "ppr": 1, "raw": 1, "rw": 0, "dropout": 0.1, "batch": 8}
MODEL |= {"lr": 0.01, "weight_decay": 0.0, "degree": True, "seed": 0}


class Project:
    """A copy of the project and the ways in which a user drives it."""

    def __init__(self, folder: Path):
        self.folder = folder
        for part in PARTS:
            source = ROOT / part
            ignore = shutil.ignore_patterns("__pycache__", "raw", "downloads", "*.egg-info")
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, folder / part, **({"ignore": ignore} if source.is_dir() else {}))
        self.write_data()
        self.configure()

    def write_data(self, **changes) -> None:
        """A node set as npz and a graph set in TU format, both small."""
        rng = np.random.default_rng(5)
        labels = np.arange(40) % 2
        arrays = {
            "edges": rng.integers(0, 40, (2, 90)),
            "features": rng.random((40, 6)) + labels[:, None],
            "labels": labels,
        }
        arrays |= {"train": np.arange(10), "valid": np.arange(10, 20), "test": np.arange(20, 40)}
        np.savez(self.folder / "mine.npz", **(arrays | changes))
        (self.folder / "tu").mkdir(exist_ok=True)
        graphs = np.repeat(np.arange(1, 41), 4)
        first = np.arange(1, 160)
        edges = [(a, a + 1) for a in first if graphs[a - 1] == graphs[a] and rng.random() < 0.8]
        (self.folder / "tu" / "T_A.txt").write_text("".join(f"{a}, {b}\n" for a, b in edges))
        (self.folder / "tu" / "T_graph_indicator.txt").write_text("".join(f"{g}\n" for g in graphs))
        (self.folder / "tu" / "T_graph_labels.txt").write_text("".join(f"{g % 2}\n" for g in range(40)))

    def configure(self, **sections: dict) -> None:
        """Write config/config.yaml: tiny settings on the own data, sections updated by `sections`."""
        own = {"mine": {"kind": "nodes", "path": "mine.npz"}, "ours": {"kind": "graphs", "path": "tu"}}
        config = {
            "data": {"own": own},
            "nodes": {"datasets": ["mine"], "epochs": 20, "seeds": [0, 1], "model": {"hidden": 4}},
            "graphs": {
                "datasets": ["ours"],
                "epochs": 2,
                "baseline_epochs": 1,
                "folds_per_job": 10,
                "models": {"ours": MODEL},
            },
        }
        config["tables"] = {"main_sets": ["ours"]}
        config["graphs"]["baselines"] = ["logreg"]
        config["graphs"]["honest"] = ["SIGN-poly"]
        for section, values in sections.items():
            config.setdefault(section, {}).update(values)
        (self.folder / "config" / "config.yaml").write_text(yaml.safe_dump(config))

    def run(self, *arguments: str, cores: int = 2) -> subprocess.CompletedProcess:
        """Run Snakemake as a user would, up to the tables; stdout and stderr together in ``stdout``.

        The stages behind the other figures know no configuration that is this quick; their own tests run them.
        """
        target = [] if "--" in arguments or "--until" in arguments else ["--", "tables"]
        command = [sys.executable, "-m", "snakemake", "--cores", str(cores), *arguments, *target]
        return self.command(command)

    def command(self, command: list[str]) -> subprocess.CompletedProcess:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = os.environ | {"PATH": path, "PYTHONPATH": str(self.folder / "src")}
        environment.pop("QCOMM_MIRROR", None)
        return subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )

    def csvs(self) -> dict[str, bytes]:
        """Bytes of all csv files under figures/."""
        return {path.name: path.read_bytes() for path in sorted((self.folder / "figures").glob("*.csv"))}
