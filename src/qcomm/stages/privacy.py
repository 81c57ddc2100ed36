"""What copies of an encoded vector tell about it: Holevo quantities, bounds, simulated measurement records."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--graphs", nargs="*", default=[], required=False, help="data sets whose rows are encoded")
    parser.add_output("--out", help="csv: one row per ensemble, quantity, dimension and number of copies")
    parser.add_settings("--settings", required=True, help="the section `privacy` of the configuration, as json")
    parser.add_argument("--seed", type=int, default=0, help="seed of all simulated records")


def run(args) -> None:
    import pandas as pd

    from qcomm.files import write_csv
    from qcomm.progress import Progress
    from qcomm.theory import privacy
    from qcomm.theory.encoded_data import load_rows

    settings, seed = args.settings, args.seed
    progress = Progress(3 + len(args.graphs), "privacy", "part")
    rows = privacy.haar_rows(settings["haar"])
    progress.update(1)
    rows += privacy.scaling_rows(settings["dimensions"], settings["copies"], settings["records"], seed)
    progress.update(2)
    rows += privacy.dishonest_rows(settings["qubits"], settings["dishonest_records"], seed)
    progress.update(3)
    for number, path in enumerate(args.graphs, start=4):
        data = load_rows(path)
        chosen = data.rows[: settings["data"]["samples"]]
        rows += privacy.data_rows(data.name, chosen, settings["data"], seed)
        rows += privacy.width_rows(data.name, data.rows, settings["data"], seed)
        progress.update(number)
    write_csv(args.out, pd.DataFrame(rows))


if __name__ == "__main__":
    execute(__file__, arguments, run)
