"""Linear classification over the channel: exact needs, executed runs, slopes with a check, and real classifiers."""

from qcomm.stages.frame import StageParser, execute

SKETCH_COORDINATES = 16_000  # of all inputs on which the sketch draws its shared vectors in full


def arguments(parser: StageParser) -> None:
    parser.add_input("--graphs", nargs="*", default=[], required=False, help="data sets with trained classifiers")
    parser.add_output("--costs", help="csv: bits and qubits by protocol, margin and dimension, exact and executed")
    parser.add_output("--constants", help="csv: asymptotic constants")
    parser.add_output("--slopes", help="csv: fitted slopes with their intervals")
    parser.add_output("--margins", help="csv: measured margins of the trained classifiers")
    parser.add_output("--classifiers", help="csv: protocols executed on the trained classifiers")
    parser.add_output("--needs", help="csv: needs on test inputs of data sets, grouped by their measured margin")
    parser.add_output("--checks", help="csv: what was found beside the interval that it must lie in")
    parser.add_settings("--settings", required=True, help="the section `linear` of the configuration, as json")
    parser.add_argument("--seed", type=int, default=0, help="seed of all executed protocols")


def run(args) -> None:
    import pandas as pd

    from qcomm.files import write_csv
    from qcomm.protocols import linear_tables as tables
    from qcomm.protocols.linear_data import MARGIN_COLUMNS, RUN_COLUMNS
    from qcomm.protocols.linear_data_tables import NEED_COLUMNS, data_checks, margin_slopes

    costs = sweep(args.settings, args.seed)
    slopes = tables.slope_rows(costs, args.settings)
    constants = list(tables.constant_rows(args.settings["exact_gammas"], args.settings["dimension"]))
    margins, runs, needs = classifiers(args.graphs, args.settings, args.seed)
    runs = pd.DataFrame(runs, columns=RUN_COLUMNS)
    needs = pd.DataFrame(needs, columns=NEED_COLUMNS)
    of_data = margin_slopes(needs, args.settings["tolerance"])
    checks = [*tables.constant_checks(constants), *tables.slope_checks([*slopes, *of_data])]
    checks += [*tables.executed_checks(costs), *data_checks(runs)]
    write_csv(args.costs, costs)
    write_csv(args.constants, pd.DataFrame(constants))
    write_csv(args.slopes, pd.DataFrame([*slopes, *of_data]))
    write_csv(args.margins, pd.DataFrame(margins, columns=MARGIN_COLUMNS))
    write_csv(args.classifiers, runs)
    write_csv(args.needs, needs)
    write_csv(args.checks, pd.DataFrame(checks))
    tables.require_slopes([*slopes, *of_data])


def sweep(settings: dict, seed: int):
    """Costs over margins and dimensions as one tidy table."""
    import pandas as pd

    from qcomm.progress import Progress
    from qcomm.protocols.linear_circuits import circuit_rows
    from qcomm.protocols.linear_protocols import PROTOCOLS
    from qcomm.protocols.linear_sweep import NOT_RUN, best_rows, exact_row, executed_row
    from qcomm.seeds import generator

    target, dimension, gamma = settings["target"], settings["dimension"], settings["gamma"]
    margins = sorted({gamma, *settings["exact_gammas"]}, reverse=True)
    grid = [(each, size) for each in margins for size in sorted({dimension, *settings["dimensions"]})]
    rows = [exact_row(name, *point, target) for name in PROTOCOLS for point in grid]
    rows += best_rows(rows)
    points = [(each, dimension) for each in settings["executed_gammas"]]
    points += [(gamma, size) for size in settings["executed_dimensions"]]
    jobs = [(name, *point, False) for name in PROTOCOLS for point in points]
    # the codebook saturates early: its slope in gamma shows only at the largest dimension
    wide = max(settings["dimensions"])
    jobs += [("best of 2^k", each, wide, True) for each in settings["executed_gammas"]]
    jobs = list(dict.fromkeys(jobs))
    progress = Progress(len(jobs), "linear protocols", "point")
    for number, (name, each, size, span) in enumerate(jobs, start=1):
        trials = settings["trials"] * (PROTOCOLS[name].flat_share if each == gamma and not span else 1)
        row = executed_row(name, each, size, target, trials, seed, span=span)
        if row["method"] == NOT_RUN and PROTOCOLS[name].span and "sending x" not in row["reason"]:
            row = executed_row(name, each, size, target, trials, seed, span=True)
        rows.append(row)
        progress.update(number, protocol=name)
    for each in settings["circuit_gammas"]:
        rows += circuit_rows(each, 4, target, generator("circuit", seed, each))
    return pd.DataFrame(rows)


def classifiers(paths, linear: dict, seed: int) -> tuple[list[dict], list[dict], list[dict]]:
    """Margins of one classifier per class, executed protocols on each, and needs against the measured margin.

    The sketch runs in full for the largest class of each data set, on fewer inputs, and in the span for all.
    """
    import numpy as np

    from qcomm.progress import Progress
    from qcomm.protocols.linear_data import data_rows, margin_row, train_task, with_constant
    from qcomm.protocols.linear_data_tables import margin_rows
    from qcomm.theory.encoded_data import load_rows

    settings = linear["classifiers"]
    margins, runs, needs, target = [], [], [], settings["agreement"]
    progress = Progress(len(paths), "trained classifiers", "data set")
    for number, path in enumerate(paths, start=1):
        data = load_rows(path)
        order = np.argsort(-np.bincount(data.labels), kind="stable")
        labels = order[:1] if len(order) == 2 else order  # two classes: one classifier
        rows = with_constant(data.rows)
        tasks = [train_task(data.name, label, rows, data.labels, data.train, data.test) for label in labels]
        margins += [margin_row(task, seed) for task in tasks]
        for task in tasks:
            runs += data_rows(task.sample(settings["inputs"], seed), target, seed, span=True)
        size = tasks[0].x.shape[1]
        full = tasks[0].sample(max(1, min(settings["sketch_inputs"], SKETCH_COORDINATES // size)), seed)
        runs += data_rows(full, target, seed, span=False, protocols=("sign sketch",), listed=False)
        needs += margin_rows(tasks, settings, linear["target"], seed)
        progress.update(number)
    return margins, runs, needs


if __name__ == "__main__":
    execute(__file__, arguments, run)
