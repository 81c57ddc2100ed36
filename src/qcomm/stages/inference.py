"""Distributed inference over the channel: error, failure rate and traffic of both quantum protocols, claim C1."""

from qcomm.stages.frame import StageParser, execute

TABLES = ("sampling", "amplitude", "parameters", "ledgers")


def arguments(parser: StageParser) -> None:
    parser.add_output("--sampling", help="csv: one row per (N, L, loss, copies)")
    parser.add_output("--amplitude", help="csv: amplitude estimation at the planned accuracy, and against its calls")
    parser.add_output("--parameters", help="csv: the rival that sends Bob's angles, one row per (N, L)")
    parser.add_output("--ledgers", help="csv: every message behind these tables")
    parser.add_output("--failures", help="csv: failure rates pooled over N and L beside their exact laws")
    parser.add_output("--slopes", help="csv: slopes of the rmse in the copies")
    parser.add_output("--checks", help="csv: name, value, low, high, ok")
    parser.add_settings("--settings", required=True, help="the section `inference` of the configuration, as json")


def run(args) -> None:
    import pandas as pd

    from qcomm.files import write_csv
    from qcomm.protocols.inference_checks import check_rows, failure_rows, slope_rows
    from qcomm.protocols.inference_circuits import circuit_checks
    from qcomm.protocols.inference_sweep import sweep

    tables = sweep(args.settings)
    slopes, failures = slope_rows(tables["sampling"]), failure_rows(tables["sampling"], tables["amplitude"])
    checks = [*check_rows(tables, slopes, failures), *circuit_checks(args.settings["seed"])]
    for name in TABLES:
        write_csv(getattr(args, name), tables[name])
    write_csv(args.failures, failures)
    write_csv(args.slopes, slopes)
    write_csv(args.checks, pd.DataFrame(checks))


if __name__ == "__main__":
    execute(__file__, arguments, run)
