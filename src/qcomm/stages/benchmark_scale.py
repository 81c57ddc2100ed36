"""Growth of time and memory with the number of nodes: fitted exponents, table and figure."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--graphs", nargs="+", help="outputs of benchmark_graph")
    parser.add_input("--features", nargs="+", help="outputs of features_nodes, in the same order")
    parser.add_input("--times", nargs="+", help="outputs of benchmark_nodes, in the same order")
    parser.add_output("--out", help="csv of seconds and memory per size and phase")
    parser.add_output("--fits", help="csv of fitted exponents with 95 % intervals")
    parser.add_output("--checks", help="csv of goals: name, value, low, high, ok")
    parser.add_output("--figure", nargs=3, help="the figure as pdf, png and csv, with one prefix")


def run(args) -> None:
    import matplotlib.pyplot as plt
    import pandas as pd

    from qcomm.figures.scale import checks, exponents, scale
    from qcomm.figures.style import WIDTH, save, use_style
    from qcomm.files import write_csv

    rows = [row for paths in zip(args.graphs, args.features, args.times, strict=True) for row in _rows(*paths)]
    table = pd.DataFrame(rows).sort_values(["phase", "nodes"], kind="stable").reset_index(drop=True)
    fits = exponents(table)
    write_csv(args.out, table)
    write_csv(args.fits, fits)
    write_csv(args.checks, checks(table, fits))
    use_style()
    figure, axes = plt.subplots(1, 2, figsize=(WIDTH, 3.2))
    for ax, quantity in zip(axes, ("seconds", "peak_memory_mb"), strict=True):
        scale(table, fits, quantity, ax)
    save(figure, args.figure[0].with_suffix(""), table)


def _rows(graph, features, times):
    """One row per phase of one size."""
    import statistics

    from qcomm.audit.stamps import read_stamp
    from qcomm.files import read_json
    from qcomm.graphs.mapped import map_npz

    arrays, measured = map_npz(graph), read_json(times)
    size = {"nodes": arrays["labels"].size, "edges": arrays["adjacency_indices"].size}
    stamps = {"generate": read_stamp(graph), "features": read_stamp(features), "train": read_stamp(times)}
    inner = {"training epoch": "epoch_s", "evaluation": "evaluation_s"}
    for phase in ("generate", "features"):
        stamp = stamps[phase]
        yield _row(size, phase, stamp["seconds"], stamp)
    for phase, name in inner.items():
        yield _row(size, phase, statistics.median(measured[name]), stamps["train"])


def _row(size, phase, seconds, stamp):
    facts = {"seconds": seconds, "peak_memory_mb": stamp["peak_memory_mb"], "threads": stamp["threads"]}
    return {**size, "phase": phase, **facts}


if __name__ == "__main__":
    execute(__file__, arguments, run)
