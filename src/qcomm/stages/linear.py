"""Linear classification over the channel: exact needs, executed runs, slopes with a check, and real classifiers."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--graphs", nargs="*", default=[], required=False, help="data sets with trained classifiers")
    parser.add_output("--costs", help="csv: bits and qubits by protocol, margin and dimension, exact and executed")
    parser.add_output("--constants", help="csv: asymptotic constants")
    parser.add_output("--slopes", help="csv: fitted slopes with their intervals")
    parser.add_output("--margins", help="csv: measured margins of the trained classifiers")
    parser.add_output("--classifiers", help="csv: protocols executed on the trained classifiers")
    parser.add_settings("--settings", required=True, help="the section `linear` of the configuration, as json")
    parser.add_argument("--seed", type=int, default=0, help="seed of all executed protocols")


def run(args) -> None:
    import pandas as pd

    from qcomm.files import write_csv
    from qcomm.protocols.linear_data import MARGIN_COLUMNS, RUN_COLUMNS
    from qcomm.protocols.linear_tables import constant_rows, require_slopes, slope_rows

    costs = sweep(args.settings, args.seed)
    slopes = slope_rows(costs, args.settings)
    write_csv(args.costs, costs)
    write_csv(args.constants, pd.DataFrame(constant_rows(args.settings["exact_gammas"])))
    write_csv(args.slopes, pd.DataFrame(slopes))
    require_slopes(slopes)
    margins, runs = classifiers(args.graphs, args.settings["classifiers"], args.seed)
    write_csv(args.margins, pd.DataFrame(margins, columns=MARGIN_COLUMNS))
    write_csv(args.classifiers, pd.DataFrame(runs, columns=RUN_COLUMNS))


def sweep(settings: dict, seed: int):
    """Costs over margins and dimensions as one tidy table."""
    import pandas as pd

    from qcomm.progress import Progress
    from qcomm.protocols.linear_circuits import circuit_row
    from qcomm.protocols.linear_sweep import PROTOCOLS, best_rows, exact_row, executed_row
    from qcomm.seeds import generator

    target, dimension, gamma = settings["target"], settings["dimension"], settings["gamma"]
    grid = [(each, size) for each in settings["exact_gammas"] for size in sorted({dimension, *settings["dimensions"]})]
    rows = [exact_row(name, *point, target) for name in PROTOCOLS for point in grid]
    rows += best_rows(rows)
    points = [(each, dimension) for each in settings["executed_gammas"]]
    points += [(gamma, size) for size in settings["executed_dimensions"]]
    # the codebook saturates early: its slope in gamma shows only at the largest dimension
    wide = [(each, max(settings["dimensions"])) for each in settings["executed_gammas"]]
    jobs = [(name, *point) for name in PROTOCOLS for point in points]
    jobs = list(dict.fromkeys([*jobs, *(("best of 2^k", *point) for point in wide)]))
    progress = Progress(len(jobs), "linear protocols", "point")
    for number, job in enumerate(jobs, start=1):
        row = executed_row(*job, target, settings["trials"], seed)
        rows += [row] if row else []
        progress.update(number, protocol=job[0])
    rows += [circuit_row(each, 4, target, generator("circuit", seed, each)) for each in settings["circuit_gammas"]]
    return pd.DataFrame(rows)


def classifiers(paths, settings: dict, seed: int) -> tuple[list[dict], list[dict]]:
    """Margins of one classifier per class, and executed protocols for the largest class of each data set."""
    import numpy as np

    from qcomm.progress import Progress
    from qcomm.protocols.linear_data import data_rows, margin_row, train_task, with_constant
    from qcomm.theory.encoded_data import load_rows

    margins, runs = [], []
    progress = Progress(len(paths), "trained classifiers", "data set")
    for number, path in enumerate(paths, start=1):
        data = load_rows(path)
        order = np.argsort(-np.bincount(data.labels), kind="stable")
        labels = order[:1] if len(order) == 2 else order  # two classes: one classifier
        rows = with_constant(data.rows)
        tasks = [train_task(data.name, label, rows, data.labels, data.train, data.test) for label in labels]
        margins += [margin_row(task) for task in tasks]
        runs += data_rows(tasks[0], settings["agreement"], settings["inputs"], seed)
        progress.update(number)
    return margins, runs


if __name__ == "__main__":
    execute(__file__, arguments, run)
