"""Read a bundle of raw files into a checked graph or graph set, and count what is in it."""

from pathlib import Path

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--bundle", help="bundle written by the fetch stage")
    parser.add_argument("--tables", type=Path, default=Path("data"), help="folder of datasets.tsv and the order files")
    parser.add_output("--out", help="npz of the graph or graph set")
    parser.add_output("--statistics", help="json of counts (Table 4)")


def run(args) -> None:
    from qcomm.data.read import read_bundle, statistics
    from qcomm.files import write_json

    value = read_bundle(args.bundle, args.tables)
    value.save(args.out)
    write_json(args.statistics, statistics(value))


if __name__ == "__main__":
    execute(__file__, arguments, run)
