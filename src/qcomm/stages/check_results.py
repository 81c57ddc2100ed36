"""Read every table of checks that stages wrote, and fail where a result is not within the bounds of its claim."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--checks", nargs="+", help="csv files: name, value, low, high, ok")
    parser.add_output("--out", help="csv: all of them, with a column that names the file")


def run(args) -> None:
    from qcomm.audit.checks import collect, require_ok
    from qcomm.files import write_csv

    table = collect(args.checks)
    require_ok(table)
    write_csv(args.out, table)


if __name__ == "__main__":
    execute(__file__, arguments, run)
