"""The noise per qubit at which each quantum advantage dies, computed, and executed at small sizes."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--costs", help="csv of the communication stage")
    parser.add_output("--out", help="csv: thresholds and visibilities")
    parser.add_output("--checks", help="csv: name, value, low, high, ok")
    parser.add_settings("--settings", required=True, help="`noise` of the section `communication`, as json")
    parser.add_argument("--target", type=float, default=2 / 3, help="success at which decisions are compared")
    parser.add_argument("--seed", type=int, default=0, help="seed of all executed protocols")


def run(args) -> None:
    import pandas as pd

    from qcomm.files import write_csv
    from qcomm.protocols.noise_sweep import check_rows, noise_rows

    table = noise_rows(pd.read_csv(args.costs), args.settings, args.target, args.seed)
    write_csv(args.out, table)
    write_csv(args.checks, pd.DataFrame(check_rows(table)))


if __name__ == "__main__":
    execute(__file__, arguments, run)
