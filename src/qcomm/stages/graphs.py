"""Read a bundle of raw files into a checked graph or graph set, and count what is in it."""

from pathlib import Path

from qcomm.stages.frame import StageParser, execute

TABLES = ("datasets.tsv", "cora_planetoid_order.txt", "mutag_gin_order.txt")


def arguments(parser: StageParser) -> None:
    parser.add_input("--bundle", help="bundle written by the fetch stage")
    parser.add_folder("--tables", TABLES, default=Path("data"), help="folder of datasets.tsv and the order files")
    parser.add_output("--out", help="npz of the graph or graph set")
    parser.add_output("--statistics", help="json of counts (Table 4)")


def run(args) -> None:
    from qcomm.data.read import read_bundle, statistics
    from qcomm.data.values import FOLDS, GraphSet, check_folds
    from qcomm.files import write_json

    value = read_bundle(args.bundle, args.tables)
    if isinstance(value, GraphSet):
        check_folds(value.labels, FOLDS, value.name)
    value.save(args.out)
    write_json(args.statistics, statistics(value))


if __name__ == "__main__":
    execute(__file__, arguments, run)
