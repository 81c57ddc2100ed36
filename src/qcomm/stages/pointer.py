"""Pointer chasing over the channel: what a message less costs, an illustration of the role of rounds."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_output("--out", help="csv: cost and success by number of rounds")
    parser.add_settings("--settings", required=True, help="`pointer` of the section `communication`, as json")
    parser.add_argument("--seed", type=int, default=0, help="seed of all instances")


def run(args) -> None:
    import pandas as pd

    from qcomm.files import write_csv
    from qcomm.protocols.pointer import pointer_rows

    settings = args.settings
    rows = [pointer_rows(n, settings["layers"], settings["instances"], args.seed) for n in settings["qubits"]]
    write_csv(args.out, pd.DataFrame([row for part in rows for row in part]))


if __name__ == "__main__":
    execute(__file__, arguments, run)
