"""Diffusion of dense features on a generated graph of the size of ogbn-products: scipy, torch CSR and ours.

    python benchmarks/diffusion.py --scratch DIR --out OUT --threads 2

The full size needs 20 GB under --scratch, 8 GB of memory and about ten minutes on two cores; --quick half a minute.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from graph_runner import stage

NODES, MEAN_DEGREE = 2_449_029, 50.6  # about 122 million directed edges remain without loops and repeats
RIVALS = (("torch", "float32"), ("scipy", "float32"), ("qcomm", "float32"), ("qcomm", "bfloat16"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("results-benchmark"), help="folder of the table")
    parser.add_argument("--scratch", type=Path, help="folder for large temporary files")
    parser.add_argument("--nodes", type=float, default=NODES)
    parser.add_argument("--hops", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1, help="turns of each implementation")
    parser.add_argument("--memory-mb", type=float, nargs="*", default=[6000, 600], help="limits for the features stage")
    parser.add_argument("--quick", action="store_true", help="20,000 nodes")
    args = parser.parse_args()
    nodes = 20_000 if args.quick else int(args.nodes)
    limits = [6000, 2] if args.quick else args.memory_mb
    with tempfile.TemporaryDirectory(prefix="qcomm-benchmark-", dir=args.scratch) as scratch:
        folder = Path(scratch)
        graph = folder / "graph.npz"
        stage("benchmark_graph", "--model", {"nodes": nodes, "mean_degree": MEAN_DEGREE}, "--out", graph)
        hops, samples = [], []
        for turn in range(args.rounds):
            for name, storage in RIVALS:
                hops.append(folder / f"{name}-{storage}-{turn}.json")
                samples.append(hops[-1].with_suffix(".npz"))
                options = ["--implementation", name, "--storage", storage, "--hops", args.hops]
                outputs = ["--out", hops[-1], "--sample", samples[-1]]
                threads = 1 if name == "scipy" else args.threads  # scipy's product has no threads
                stage("benchmark_hops", "--graph", graph, *options, *outputs, threads=threads)
        features = [folder / f"features{number}.npz" for number in range(len(limits))]
        for path, limit in zip(features, limits, strict=True):
            options = ["--hops", args.hops, "--memory-mb", limit]
            stage("features_nodes", "--graph", graph, *options, "--out", path, threads=args.threads)
        files = ["--hops", *hops, "--samples", *samples, "--features", *features]
        stage("benchmark_diffusion", *files, "--out", args.out / "benchmark_diffusion.csv")


if __name__ == "__main__":
    main()
