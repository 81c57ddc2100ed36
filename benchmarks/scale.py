"""Time and memory of generating, diffusing and training on graphs from 10^4 to 2.4 million nodes.

    python benchmarks/scale.py --scratch DIR --out OUT

The full range needs 15 GB under --scratch, 8 GB of memory and about a quarter of an hour; --quick a minute. Large files
are deleted in the end, their stamps stay.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from graph_runner import enter_root, figure_files, forget, stage

START = 1000  # nodes of the run that shows what starting costs
SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000, 2_449_029)
QUICK = (3_000, 6_000, 12_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("results-benchmark"), help="folder of tables and figure")
    parser.add_argument("--scratch", type=Path, help="folder for large temporary files; OUT/scale by default")
    parser.add_argument("--sizes", type=float, nargs="+", default=SIZES)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--storage", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="small sizes only")
    args = parser.parse_args()
    sizes = [START, *(QUICK if args.quick else (int(size) for size in args.sizes))]
    out, work = enter_root(args.out, args.scratch or args.out / "scale")
    folders = [work / str(nodes) for nodes in sizes]
    measure(START, work / "warm", args)  # compiles what is not compiled yet
    for nodes, folder in zip(sizes, folders, strict=True):
        measure(nodes, folder, args)
    groups = {"--graphs": "graph.npz", "--features": "features.npz", "--times": "times.json"}
    files = [part for flag, name in groups.items() for part in (flag, *(folder / name for folder in folders))]
    prefix = out / "benchmark_scale"
    files += ["--out", f"{prefix}.csv", "--fits", f"{prefix}_fits.csv", "--checks", f"{prefix}_checks.csv"]
    stage("benchmark_scale", *files, "--figure", *figure_files(out / "figures" / prefix.name))
    forget(folder / name for folder in (work / "warm", *folders) for name in ("graph.npz", "features.npz"))


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
