"""Diffusion of dense features on a generated graph of the size of ogbn-products: scipy, torch CSR and ours.

    python benchmarks/diffusion.py --scratch DIR --out OUT --threads 2

The full size needs 20 GB under --scratch, 12 GB of memory (for torch) and about fifteen minutes on two cores; --quick
half a minute.
Large files are deleted in the end, their stamps stay.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from graph_runner import enter_root, forget, stage

OUT_OF_CORE_MB = 600  # at full size two hops of float32 need 1960
NODES, MEAN_DEGREE = 2_449_029, 50.6  # about 122 million directed edges remain without loops and repeats


def rivals(threads: int) -> list[tuple[str, str, int]]:
    """(implementation, storage, threads): bare products, and ours with as many threads as each of them."""
    one = [("scipy", "float32", 1), ("torch", "float32", 1), ("qcomm", "float32", 1)]
    more = [("torch", "float32", threads), ("qcomm", "float32", threads)] if threads > 1 else []
    return [*one, *more, ("qcomm", "bfloat16", threads)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("results-benchmark"), help="folder of the table")
    parser.add_argument("--scratch", type=Path, help="folder for large temporary files; OUT/diffusion by default")
    parser.add_argument("--nodes", type=float, default=NODES)
    parser.add_argument("--hops", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1, help="turns of each implementation")
    parser.add_argument("--memory-mb", type=float, nargs="*", help="limits for the features stage: in memory, on disk")
    parser.add_argument("--quick", action="store_true", help="20,000 nodes")
    args = parser.parse_args()
    nodes = 20_000 if args.quick else int(args.nodes)
    limits = [6000, round(OUT_OF_CORE_MB * nodes / NODES, 1)] if args.memory_mb is None else args.memory_mb
    out, work = enter_root(args.out, args.scratch or args.out / "diffusion")
    graph = work / "graph.npz"
    stage("benchmark_graph", "--model", {"nodes": nodes, "mean_degree": MEAN_DEGREE}, "--out", graph)
    hops, samples = [], []
    for turn in range(args.rounds):
        for name, storage, threads in rivals(args.threads):
            hops.append(work / f"{name}-{storage}-{threads}-{turn}.json")
            samples.append(hops[-1].with_suffix(".npz"))
            options = ["--implementation", name, "--storage", storage, "--hops", args.hops]
            files = ["--out", hops[-1], "--sample", samples[-1]]
            stage("benchmark_hops", "--graph", graph, *options, *files, threads=threads)
    features = [work / f"features-{limit:g}.npz" for limit in limits]
    for path, limit in zip(features, limits, strict=True):
        options = ["--hops", args.hops, "--memory-mb", limit]
        stage("features_nodes", "--graph", graph, *options, "--out", path, threads=args.threads)
    files = ["--hops", *hops, "--samples", *samples, "--features", *features]
    prefix = out / "benchmark_diffusion"
    stage("benchmark_diffusion", *files, "--out", f"{prefix}.csv", "--checks", f"{prefix}_checks.csv")
    forget([graph, *features])


if __name__ == "__main__":
    main()
