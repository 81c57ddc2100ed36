"""Collect measured diffusion runs of several implementations into one table, and how far their results lie apart."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--hops", nargs="+", help="json files of benchmark_hops; the first one is the yardstick")
    parser.add_input("--samples", nargs="+", help="npz files of benchmark_hops, in the same order")
    parser.add_input("--features", nargs="*", default=[], required=False, help="outputs of features_nodes")
    parser.add_output("--out", help="csv, one row per implementation")


def run(args) -> None:
    import numpy as np
    import pandas as pd

    from qcomm.audit.stamps import read_stamp
    from qcomm.files import read_json, read_npz, write_csv

    yardstick, rows = read_npz(args.samples[0])["rows"].astype(np.float64), []
    groups: dict[tuple, list] = {}
    for path, sample in zip(args.hops, args.samples, strict=True):
        groups.setdefault((read_json(path)["implementation"], read_json(path)["storage"]), []).append((path, sample))
    for runs in groups.values():
        jobs, stamps = [read_json(path) for path, _ in runs], [read_stamp(path) for path, _ in runs]
        values = read_npz(runs[0][1])["rows"].astype(np.float64)
        names = ("implementation", "storage", "nodes", "edges", "features", "hops")
        row = {name: jobs[0][name] for name in names} | {"threads": stamps[0]["threads"], "includes": "steps"}
        row |= {"seconds": float(np.median([sum(job["hop_s"]) for job in jobs]))}
        row |= {"prepare_seconds": float(np.median([job["prepare_s"] for job in jobs])), "runs": len(jobs)}
        row |= {"peak_memory_mb": max(stamp["peak_memory_mb"] for stamp in stamps)}
        row |= {"error_rms": float(np.sqrt(np.mean((values - yardstick) ** 2) / np.mean(yardstick**2)))}
        rows.append(row)
    for path in args.features:
        stamp, shape = read_stamp(path), {name: rows[0][name] for name in ("nodes", "edges", "features")}
        asked = stamp["parameters"]
        row = {"implementation": f"stage, {asked['memory_mb']:g} MB", "storage": asked["storage"], **shape}
        row |= {"hops": asked["hops"], "threads": stamp["threads"], "includes": "reading, steps, writing, hashing"}
        rows.append(row | {"seconds": stamp["seconds"], "runs": 1, "peak_memory_mb": stamp["peak_memory_mb"]})
    write_csv(args.out, pd.DataFrame(rows))


if __name__ == "__main__":
    execute(__file__, arguments, run)
