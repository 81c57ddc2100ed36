"""Draw the costs of linear classification beside those of vector-in-subspace."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--costs", help="csv of the linear stage")
    parser.add_input("--slopes", nargs="+", help="csv of the linear stage, and of linear_data")
    parser.add_input("--classifiers", help="csv of the linear_data stage")
    parser.add_input("--needs", help="csv of the linear_data stage")
    parser.add_input(
        "--subspace",
        nargs="?",
        required=False,
        default=None,
        help="csv with dimension, kind (classical, quantum), cost (and low, high) of vector-in-subspace at success 2/3",
    )
    parser.add_argument("--dimension", type=int, required=True, help="dimension of the panel against the margin")
    parser.add_argument("--gamma", type=float, required=True, help="margin of the panel against the dimension")
    parser.add_output("--out", nargs=3, help="the figure as pdf, png and csv, with one prefix")
    parser.add_output("--table", nargs=3, help="the break-even table as csv, md and tex, with one prefix")


def run(args) -> None:
    import pandas as pd

    from qcomm.figures.linear import break_even, linear
    from qcomm.figures.style import save, use_style
    from qcomm.figures.tables import write_table

    use_style()
    costs, classifiers, needs = (pd.read_csv(path) for path in (args.costs, args.classifiers, args.needs))
    slopes = pd.concat([pd.read_csv(path) for path in args.slopes], ignore_index=True)
    subspace = pd.read_csv(args.subspace) if args.subspace else None
    figure, drawn = linear(costs, slopes, classifiers, needs, subspace, dimension=args.dimension, gamma=args.gamma)
    save(figure, args.out[0].with_suffix(""), drawn)
    caption = (
        "Linear classification: margins at which the best quantum protocol sends fewer qubits than the best classical"
    )
    write_table(
        break_even(costs, args.gamma), args.table[0].with_suffix(""), f"{caption} one sends bits, at equal success."
    )


if __name__ == "__main__":
    execute(__file__, arguments, run)
