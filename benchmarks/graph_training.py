"""CPU seconds per epoch and fold of graph training, ours against the plain PyTorch network, on one core.

    python benchmarks/graph_training.py --mirror DIR --out OUT

Data sets that no source delivers are left out. All sets take about ten minutes, --quick (MUTAG) half a minute.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import yaml
from graph_runner import ROOT, figure_files, stage

SETS = ("MUTAG", "PTC", "NCI1", "PROTEINS", "IMDB-B", "IMDB-M", "REDDIT-B")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--out", type=Path, default=Path("results-benchmark"), help="folder of the tables and the figure"
    )
    parser.add_argument("--mirror", type=Path, help="folder with local copies of the raw data (or QCOMM_MIRROR)")
    parser.add_argument("--datasets", nargs="+", default=SETS)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--accuracy-sets", nargs="*", default=("MUTAG", "PTC", "IMDB-B", "IMDB-M"))
    parser.add_argument("--accuracy-epochs", type=int, default=60)
    parser.add_argument("--quick", action="store_true", help="MUTAG only, few repeats")
    args = parser.parse_args()
    if args.mirror:
        os.environ["QCOMM_MIRROR"] = str(args.mirror.resolve())
    if args.quick:
        args.datasets, args.repeats, args.accuracy_sets, args.accuracy_epochs = ("MUTAG",), 2, ("MUTAG",), 3
    models = yaml.safe_load((ROOT / "config" / "hyperparameters.yaml").read_text())["graphs"]["models"]
    with tempfile.TemporaryDirectory(prefix="qcomm-benchmark-") as scratch:
        found = {name: path for name in args.datasets if (path := features(name, models[name], Path(scratch)))}
        if not found:
            raise SystemExit("no data set could be had: give --mirror")
        options = ["--repeats", args.repeats, "--models", {name: models[name] for name in found}]
        options += ["--accuracy-sets", *args.accuracy_sets, "--accuracy-epochs", args.accuracy_epochs]
        out = args.out / "benchmark_graph_training"
        files = ["--out", f"{out}.csv", "--authors", f"{out}_authors.csv", "--accuracy", f"{out}_accuracy.csv"]
        files += ["--figure", *figure_files(args.out / "figures" / "benchmark_graph_training")]
        stage("benchmark_graph_training", "--features", *found.values(), "--datasets", *found, *options, *files)


def features(name: str, model: dict, scratch: Path) -> Path | None:
    """Hop features of a data set by the pipeline's own stages; None where the data cannot be had."""
    bundle, graphs, out = (scratch / f"{name}{ending}" for ending in (".zip", ".npz", "-features.npz"))
    settings = {"downloads": str(scratch / "downloads"), "retries": 1}
    tables = ["--tables", ROOT / "data"]
    if not stage("fetch", "--dataset", name, *tables, "--settings", settings, "--out", bundle, check=False):
        return None
    stage("graphs", "--bundle", bundle, *tables, "--out", graphs, "--statistics", scratch / f"{name}.json")
    stage("features_graphs", "--graphs", graphs, "--model", model, "--out", out)
    return out


if __name__ == "__main__":
    main()
