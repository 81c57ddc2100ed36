"""What copies of an encoded vector tell about it: Holevo quantities, bounds, simulated measurement records."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--graphs", nargs="*", default=[], required=False, help="data sets whose rows are encoded")
    parser.add_output("--out", help="csv: one row per ensemble, quantity, dimension and number of copies")
    parser.add_output("--checks", help="csv: what was found beside the interval that it must lie in")
    parser.add_settings("--settings", required=True, help="the section `privacy` of the configuration, as json")
    parser.add_argument("--seed", type=int, default=0, help="seed of all simulated records")


def run(args) -> None:
    import pandas as pd

    from qcomm.files import write_csv
    from qcomm.progress import Progress
    from qcomm.theory import privacy, privacy_data
    from qcomm.theory import privacy_checks as checks
    from qcomm.theory.encoded_data import load_rows

    settings, seed = args.settings, args.seed
    progress = Progress(3 + len(args.graphs), "privacy", "part")
    rows = privacy.haar_rows(settings["haar"])
    rows += privacy.sampled_haar_rows(settings["sampled_haar"], settings["haar_states"], settings["haar_batches"], seed)
    progress.update(1)
    rows += privacy.scaling_rows(settings["dimensions"], settings["copies"], settings["records"], seed)
    progress.update(2)
    rows += privacy.dishonest_rows(settings["qubits"], settings["dishonest_records"], seed)
    progress.update(3)
    for number, path in enumerate(args.graphs, start=4):
        data = load_rows(path)
        rows += privacy_data.data_rows(data.name, data.rows, settings["data"], seed)
        rows += privacy_data.width_rows(data.name, data.rows, settings["data"], seed)
        rows += privacy_data.frame_rows(data.name, data.rows, settings["data"]["frame_records"], seed)
        rows += privacy_data.parameter_rows(data.name, data.rows, settings["data"], seed)
        progress.update(number)
    table = pd.DataFrame(rows)
    found = [*checks.specified_checks(settings["dimensions"]), *checks.table_checks(table)]
    found += [*checks.comparison_checks(table), *checks.decay_checks(table)]
    write_csv(args.out, table)
    write_csv(args.checks, pd.DataFrame(found))


if __name__ == "__main__":
    execute(__file__, arguments, run)
