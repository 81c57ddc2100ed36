"""CPU seconds per epoch and fold of graph training, ours against the plain PyTorch network, and both accuracies.

    python benchmarks/graph_training.py --mirror DIR --out OUT

Sets that no source delivers read "not run". Times are taken one after the other, on one core (three minutes for all
sets); then both implementations train ten folds, --jobs sets at a time (seven minutes on two cores; fewer epochs on the
large sets, as the table says). --quick (MUTAG) takes half a minute. What the tables are made of stays under OUT.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml
from graph_runner import ROOT, enter_root, figure_files, stage

SETS = ("MUTAG", "PTC", "NCI1", "PROTEINS", "IMDB-B", "IMDB-M", "REDDIT-B")
METHODS = ("SIGN-poly", "SIGN-prelu", "SIGN-identity")
# Epochs of the comparison of accuracies: about as long as plain PyTorch manages in two minutes of one core.
EPOCHS = {"MUTAG": 60, "PTC": 30, "IMDB-B": 20, "IMDB-M": 20}
EPOCHS_OF_LARGE_SETS = 5


def main() -> None:
    models = yaml.safe_load((ROOT / "config" / "hyperparameters.yaml").read_text())["graphs"]["models"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("results-benchmark"), help="folder of tables and figure")
    parser.add_argument("--mirror", type=Path, help="folder with local copies of the raw data (or QCOMM_MIRROR)")
    parser.add_argument("--datasets", nargs="+", default=SETS, choices=list(models), metavar="SET", help="graph sets")
    parser.add_argument("--repeats", type=int, default=5, help="timed turns of each implementation")
    parser.add_argument("--accuracy-epochs", type=int, help="epochs for all sets; 0 compares no accuracies")
    parser.add_argument("--jobs", type=int, default=2, help="sets whose accuracies are compared at the same time")
    parser.add_argument("--quick", action="store_true", help="MUTAG only, few repeats")
    args = parser.parse_args()
    if args.mirror:
        os.environ["QCOMM_MIRROR"] = str(args.mirror.resolve())
    if args.quick:
        args.datasets, args.repeats, args.accuracy_epochs = ("MUTAG",), 2, 3
    (out,) = enter_root(args.out)
    work = out / "graph_training"
    found = [name for name in args.datasets if features(name, models[name], work)]
    if not found:
        raise SystemExit("no data set could be had: give --mirror")
    for name in found:
        options = ["--methods", *METHODS, "--repeats", args.repeats, "--out", work / f"{name}-times.csv"]
        stage("benchmark_graph_times", *inputs(name, models[name], work), *options)
    with ThreadPoolExecutor(args.jobs) as pool:
        compared = list(pool.map(lambda name: accuracy(name, models[name], work, args.accuracy_epochs), found))
    prefix = out / "benchmark_graph_training"
    files = ["--times", *(work / f"{name}-times.csv" for name in found), "--published", "data/published_times.tsv"]
    files += ["--accuracies", *(path for path in compared if path)]
    files += ["--not-run", *(name for name in args.datasets if name not in found)]
    files += ["--out", f"{prefix}.csv", "--accuracy", f"{prefix}_accuracy.csv", "--checks", f"{prefix}_checks.csv"]
    files += ["--ratios", *(f"{prefix}_ratios.{kind}" for kind in ("csv", "md", "tex"))]
    stage("benchmark_graph_training", *files, "--figure", *figure_files(out / "figures" / prefix.name))


def inputs(name: str, model: dict, work: Path) -> list[object]:
    return ["--features", work / f"{name}-features.npz", "--dataset", name, "--model", model]


def features(name: str, model: dict, work: Path) -> bool:
    """Hop features of a data set by the pipeline's own stages; whether the data could be had."""
    bundle, graphs, out = (work / f"{name}{ending}" for ending in (".zip", ".npz", "-features.npz"))
    settings = {"downloads": "data/downloads", "retries": 1}
    if not stage("fetch", "--dataset", name, "--settings", settings, "--out", bundle, check=False):
        return False
    stage("graphs", "--bundle", bundle, "--out", graphs, "--statistics", work / f"{name}.json")
    stage("features_graphs", "--graphs", graphs, "--model", model, "--out", out)
    return True


def accuracy(name: str, model: dict, work: Path, epochs: int | None) -> Path | None:
    """Both implementations over ten folds; None where no epochs are asked for."""
    epochs = EPOCHS.get(name, EPOCHS_OF_LARGE_SETS) if epochs is None else epochs
    if epochs == 0:
        return None
    path = work / f"{name}-accuracy.json"
    stage("benchmark_graph_accuracy", *inputs(name, model, work), "--epochs", epochs, "--out", path)
    return path


if __name__ == "__main__":
    main()
