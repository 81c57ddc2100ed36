"""Fetch and verify the raw files of one data set; write them as one bundle."""

from pathlib import Path

from qcomm.stages.frame import StageParser, execute

TABLES = ("datasets.tsv", "wheels.tsv", "containers.tsv")


def arguments(parser: StageParser) -> None:
    parser.add_argument("--dataset", required=True, help="name of the data set, e.g. Cora")
    parser.add_folder("--tables", TABLES, default=Path("data"), help="folder of datasets.tsv and the other tables")
    parser.add_settings("--settings", default={}, help="section `data` of the configuration as json")
    parser.add_output("--out", help="bundle to write")


def run(args) -> dict[str, str]:
    from qcomm.data.fetch import Fetcher, fetch_own

    own = args.settings.get("own", {}).get(args.dataset)
    if own:
        return {args.dataset: fetch_own(args.dataset, own, args.out)}
    fetcher = Fetcher.of_settings(args.settings, args.tables)
    return {args.dataset: fetcher.fetch(args.dataset, args.out)}


if __name__ == "__main__":
    execute(__file__, arguments, run)
