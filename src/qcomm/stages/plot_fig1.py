"""Draw Fig 1: the composed computation and its pipelined gradient estimators, with the costs of executed walks."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_argument("--layers", type=int, default=2, help="layers L of the drawn computation")
    parser.add_output("--out", nargs=3, help="the figure as pdf, png and csv, with one prefix")


def run(args) -> None:
    import pandas as pd

    from qcomm.figures.fig1 import fig1
    from qcomm.figures.style import save, use_style
    from qcomm.protocols.walk_costs import walk_costs

    use_style()
    figure, rows = fig1(args.layers, pd.DataFrame(walk_costs(args.layers)))
    save(figure, args.out[0].with_suffix(""), rows)


if __name__ == "__main__":
    execute(__file__, arguments, run)
