"""Communication against N for both quantum protocols and every classical rival at equal failure, claim C2."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_output("--costs", help="csv: bits and qubits by task, accuracy, protocol and dimension")
    parser.add_output("--exponents", help="csv: fitted exponents in N with 95 percent intervals")
    parser.add_output("--break-even", help="csv: the N from which quantum sends less than the best rival")
    parser.add_output("--subspace", help="csv: dimension, kind and cost of vector in subspace")
    parser.add_output("--checks", help="csv: name, value, low, high, ok")
    parser.add_settings("--settings", required=True, help="the section `communication` of the configuration, as json")
    parser.add_argument("--seed", type=int, default=0, help="seed of all executed protocols")


def run(args) -> None:
    import pandas as pd

    from qcomm.files import write_csv
    from qcomm.protocols.communication_checks import check_rows
    from qcomm.protocols.communication_decisions import decision_rows
    from qcomm.protocols.communication_estimates import estimate_rows
    from qcomm.protocols.communication_tables import break_even_rows, check_settings, exponent_rows, subspace_curve

    check_settings(args.settings)
    parts = [decision_rows(args.settings, args.seed), estimate_rows(args.settings, args.seed)]
    costs = pd.concat(parts, ignore_index=True)
    exponents = exponent_rows(costs, args.settings["fit_from"])
    write_csv(args.costs, costs)
    write_csv(args.exponents, exponents)
    write_csv(args.break_even, break_even_rows(costs, args.settings))
    write_csv(args.subspace, subspace_curve(costs))
    write_csv(args.checks, pd.DataFrame(check_rows(costs, exponents, args.settings)))


if __name__ == "__main__":
    execute(__file__, arguments, run)
