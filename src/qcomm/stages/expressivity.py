"""Separation rank, Fourier support and fits of a target function against depth: nonlinearity of re-uploading models."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_output("--ranks", help="csv: ranks and supports by encoding, frequencies and depth")
    parser.add_output("--fits", help="csv: R^2 of fitted models by frequencies and depth")
    parser.add_settings("--settings", required=True, help="the section `expressivity` of the configuration, as json")
    parser.add_argument("--seed", type=int, default=0, help="seed of all random models, shots and fits")


def run(args) -> None:
    import pandas as pd

    from qcomm.files import write_csv
    from qcomm.progress import Progress
    from qcomm.theory.expressivity import fit_points, fit_rows, linear_fit_rows, rank_cases, rank_rows
    from qcomm.theory.reupload import FREQUENCIES

    cases, rows = rank_cases(args.settings), []
    progress = Progress(len(cases), "separation ranks", "case")
    for done, case in enumerate(cases, start=1):
        rows += rank_rows(case, args.settings, args.seed)
        progress.update(done)
    write_csv(args.ranks, pd.DataFrame(rows))

    settings = args.settings["fit"]
    points = fit_points(settings, args.seed)
    rows = linear_fit_rows(points)
    jobs = [(choice, layers) for choice in FREQUENCIES for layers in range(1, settings["layers"] + 1)]
    progress = Progress(len(jobs), "fits", "model")
    for done, (choice, layers) in enumerate(jobs, start=1):
        rows += fit_rows(choice, layers, points, settings, args.seed)
        progress.update(done, r_squared=rows[-1]["r_squared"])
    write_csv(args.fits, pd.DataFrame(rows))


if __name__ == "__main__":
    execute(__file__, arguments, run)
