"""Collect measured diffusion runs into one table: time over a bare product, memory, error, and the goals checked."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--hops", nargs="+", help="json files of benchmark_hops; the first one is the yardstick")
    parser.add_input("--samples", nargs="+", help="npz files of benchmark_hops, in the same order")
    parser.add_input("--features", nargs="*", default=[], required=False, help="outputs of features_nodes")
    parser.add_output("--out", help="csv, one row per implementation, storage and number of threads")
    parser.add_output("--checks", help="csv of goals: name, value, low, high, ok")


def run(args) -> None:
    import pandas as pd

    from qcomm.audit.stamps import read_stamp
    from qcomm.figures.benchmark_diffusion import checks, measured, with_ratios, written
    from qcomm.files import read_json, read_npz, write_csv

    jobs = [read_json(path) | {"stamp": read_stamp(path)} for path in args.hops]
    samples = [read_npz(path)["rows"] for path in args.samples]
    rows = measured(jobs, samples)
    stamps = [read_stamp(path) for path in args.features]
    shape = {name: jobs[0][name] for name in ("nodes", "edges", "features")}
    table = with_ratios(pd.DataFrame([*rows, *(written(stamp, shape) for stamp in stamps)]))
    write_csv(args.out, table)
    write_csv(args.checks, checks(table, stamps))


if __name__ == "__main__":
    execute(__file__, arguments, run)
