"""Linear classification over the channel: exact needs, executed runs, slopes with a check."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_output("--costs", help="csv: bits and qubits by protocol, margin and dimension, exact and executed")
    parser.add_output("--constants", help="csv: asymptotic constants")
    parser.add_output("--slopes", help="csv: fitted slopes with their intervals")
    parser.add_output("--checks", help="csv: what was found beside the interval that it must lie in")
    parser.add_settings("--settings", required=True, help="the section `linear` of the configuration, as json")
    parser.add_argument("--seed", type=int, default=0, help="seed of all executed protocols")


def run(args) -> None:
    import pandas as pd

    from qcomm.files import write_csv
    from qcomm.protocols import linear_tables as tables

    costs = sweep(args.settings, args.seed)
    slopes = tables.slope_rows(costs, args.settings)
    constants = list(tables.constant_rows(args.settings["exact_gammas"], args.settings["dimension"]))
    checks = [*tables.constant_checks(constants), *tables.slope_checks(slopes), *tables.executed_checks(costs)]
    write_csv(args.costs, costs)
    write_csv(args.constants, pd.DataFrame(constants))
    write_csv(args.slopes, pd.DataFrame(slopes))
    write_csv(args.checks, pd.DataFrame(checks))


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


if __name__ == "__main__":
    execute(__file__, arguments, run)
