"""Draw the noise that each quantum advantage survives."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--table", help="csv of the noise stage")
    parser.add_output("--out", nargs=3, help="the figure as pdf, png and csv, with one prefix")


def run(args) -> None:
    import pandas as pd

    from qcomm.figures.noise import noise
    from qcomm.figures.style import save, use_style

    use_style()
    figure, drawn = noise(pd.read_csv(args.table))
    save(figure, args.out[0].with_suffix(""), drawn)


if __name__ == "__main__":
    execute(__file__, arguments, run)
