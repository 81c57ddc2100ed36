"""Linear classification on real data: trained classifiers, their margins, and protocols executed on their inputs."""

from qcomm.stages.frame import StageParser, execute

SKETCH_COORDINATES = 16_000  # of all inputs on which the sketch draws its shared vectors in full


def arguments(parser: StageParser) -> None:
    parser.add_input("--graphs", nargs="+", help="data sets on which classifiers are trained")
    parser.add_output("--margins", help="csv: measured margins of the trained classifiers")
    parser.add_output("--classifiers", help="csv: protocols executed on the trained classifiers")
    parser.add_output("--needs", help="csv: needs on test inputs, grouped by their measured margin")
    parser.add_output("--slopes", help="csv: slopes of the needs against the measured margin, with their intervals")
    parser.add_output("--checks", help="csv: what was found beside the interval that it must lie in")
    parser.add_settings("--settings", required=True, help="the section `linear` of the configuration, as json")
    parser.add_argument("--seed", type=int, default=0, help="seed of all executed protocols")


def run(args) -> None:
    import pandas as pd

    from qcomm.files import write_csv
    from qcomm.protocols.linear_data import MARGIN_COLUMNS, RUN_COLUMNS
    from qcomm.protocols.linear_data_tables import NEED_COLUMNS, data_checks, margin_slopes
    from qcomm.protocols.linear_tables import slope_checks

    margins, runs, needs = classifiers(args.graphs, args.settings, args.seed)
    runs, needs = pd.DataFrame(runs, columns=RUN_COLUMNS), pd.DataFrame(needs, columns=NEED_COLUMNS)
    slopes = margin_slopes(needs, args.settings["tolerance"])
    write_csv(args.margins, pd.DataFrame(margins, columns=MARGIN_COLUMNS))
    write_csv(args.classifiers, runs)
    write_csv(args.needs, needs)
    write_csv(args.slopes, pd.DataFrame(slopes))
    write_csv(args.checks, pd.DataFrame([*slope_checks(slopes), *data_checks(runs)]))


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
