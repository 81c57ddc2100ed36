"""Time and memory of generating, diffusing and training on graphs from 10^4 to 2.4 million nodes.

    python benchmarks/scale.py --scratch DIR --out OUT

The full range needs 10 GB under --scratch, 8 GB of memory and about ten minutes; --quick a minute.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from graph_runner import figure_files, stage

START = 1000  # nodes of the run that shows what starting costs
SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000, 2_449_029)
QUICK = (3_000, 6_000, 12_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("results-benchmark"), help="folder of tables and figure")
    parser.add_argument("--scratch", type=Path, help="folder for large temporary files")
    parser.add_argument("--sizes", type=float, nargs="+", default=SIZES)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--storage", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="small sizes only")
    args = parser.parse_args()
    sizes = [START, *(QUICK if args.quick else (int(size) for size in args.sizes))]
    with tempfile.TemporaryDirectory(prefix="qcomm-benchmark-", dir=args.scratch) as scratch:
        folders = [Path(scratch) / str(nodes) for nodes in sizes]
        measure(START, Path(scratch) / "warm", args)  # compiles what is not compiled yet
        for nodes, folder in zip(sizes, folders, strict=True):
            measure(nodes, folder, args)
        groups = {"--graphs": "graph.npz", "--features": "features.npz", "--times": "times.json"}
        inputs = [part for flag, name in groups.items() for part in (flag, *(folder / name for folder in folders))]
        out = ["--out", args.out / "benchmark_scale.csv", "--fits", args.out / "benchmark_scale_fits.csv"]
        out += ["--figure", *figure_files(args.out / "figures" / "scale")]
        stage("benchmark_scale", *inputs, *out)


def measure(nodes: int, folder: Path, args) -> None:
    """Generate, diffuse and train at one size."""
    graph, features, times = folder / "graph.npz", folder / "features.npz", folder / "times.json"
    stage("benchmark_graph", "--model", {"nodes": nodes, "mean_degree": 50.6}, "--out", graph, threads=args.threads)
    options = ["--graph", graph, "--storage", args.storage, "--out", features]
    stage("features_nodes", *options, threads=args.threads)
    options = ["--features", features, "--epochs", args.epochs, "--out", times]
    stage("benchmark_nodes", *options, threads=args.threads)


if __name__ == "__main__":
    main()
