"""Distributed inference over the channel: error, failure rate and traffic of both quantum protocols, claim C1."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_output("--sampling", help="csv: one row per (N, L, loss, copies)")
    parser.add_output("--amplitude", help="csv: amplitude estimation at the planned accuracy, and against its calls")
    parser.add_output("--failures", help="csv: failure rates pooled over N and L beside the exact binomial tail")
    parser.add_output("--slopes", help="csv: slopes of the rmse in the copies")
    parser.add_output("--checks", help="csv: name, value, low, high, ok")
    parser.add_settings("--settings", required=True, help="the section `inference` of the configuration, as json")
    parser.add_argument("--seed", type=int, default=0, help="seed of all executed protocols")


def run(args) -> None:
    import pandas as pd

    from qcomm.files import write_csv
    from qcomm.protocols.inference_sweep import (
        check_rows,
        estimation_rows,
        failure_rows,
        parameter_bits,
        sampling_rows,
        slope_rows,
    )

    per_qubit = args.settings["angles_per_qubit"]
    sampled = sampling_rows(args.settings, args.seed)
    pairs = zip(sampled.dimension, sampled.layers, strict=True)
    sampled["parameter_bits"] = [parameter_bits(int(size), int(layers), per_qubit) for size, layers in pairs]
    grover = estimation_rows(args.settings, args.seed)
    slopes, failures = slope_rows(sampled), failure_rows(sampled)
    write_csv(args.sampling, sampled)
    write_csv(args.amplitude, grover)
    write_csv(args.failures, failures)
    write_csv(args.slopes, slopes)
    write_csv(args.checks, pd.DataFrame(check_rows(sampled, slopes, failures, grover)))


if __name__ == "__main__":
    execute(__file__, arguments, run)
