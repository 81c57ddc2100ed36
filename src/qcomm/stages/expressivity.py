"""Separation rank, Fourier support and fits of target functions against depth: nonlinearity of re-uploading models."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_output("--ranks", help="csv: ranks and supports by encoding, frequencies and depth")
    parser.add_output("--growth", help="csv: ranks against depth, fitted by an exponential and by a power")
    parser.add_output("--fits", help="csv: R^2 of fitted models by target, frequencies and depth")
    parser.add_output("--checks", help="csv: what was found beside the interval that it must lie in")
    parser.add_settings("--settings", required=True, help="the section `expressivity` of the configuration, as json")
    parser.add_argument("--seed", type=int, default=0, help="seed of all random models, shots and fits")


def run(args) -> None:
    import pandas as pd

    from qcomm.files import write_csv
    from qcomm.theory.growth import COLUMNS, growth_checks, growth_rows, recalled_check

    rows, checks = ranks(args.settings, args.seed)
    table = pd.DataFrame(rows)
    growth = growth_rows(table)
    exact = [*checks, *growth_checks(growth), recalled_check(table)]
    fitted, checks = fits(args.settings["fit"], args.seed)
    write_csv(args.ranks, table)
    write_csv(args.growth, pd.DataFrame(growth, columns=COLUMNS))
    write_csv(args.fits, pd.DataFrame(fitted))
    write_csv(args.checks, pd.DataFrame([*exact, *checks]))


def ranks(settings: dict, seed: int) -> tuple[list[dict], list[dict]]:
    """Rows of ranks, and their checks."""
    from qcomm.progress import Progress
    from qcomm.theory.expressivity import rank_cases, rank_checks, rank_rows

    cases, rows, checks = rank_cases(settings), [], []
    progress = Progress(len(cases), "separation ranks", "case")
    for done, case in enumerate(cases, start=1):
        found = rank_rows(case, settings, seed)
        rows += found
        checks += rank_checks(case, found)
        progress.update(done)
    return rows, checks


def fits(settings: dict, seed: int) -> tuple[list[dict], list[dict]]:
    """Rows of fits, and their checks."""
    from qcomm.progress import Progress
    from qcomm.theory.fit_tables import fit_checks, fit_points, fit_rows, linear_fit_rows
    from qcomm.theory.reupload import FREQUENCIES
    from qcomm.theory.targets import TARGETS

    points = fit_points(settings, seed)
    rows = [row for target in TARGETS for row in linear_fit_rows(target, points)]
    depths = range(1, settings["layers"] + 1)
    jobs = [(target, choice, layers) for target in TARGETS for choice in FREQUENCIES for layers in depths]
    progress = Progress(len(jobs), "fits", "model")
    for done, job in enumerate(jobs, start=1):
        rows += fit_rows(*job, points, settings, seed)
        progress.update(done, r_squared=rows[-1]["r_squared"])
    return rows, list(fit_checks(rows, settings["layers"]))


if __name__ == "__main__":
    execute(__file__, arguments, run)
