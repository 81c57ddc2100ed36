"""Draw leaked bits and reconstruction fidelities."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--table", help="csv of the privacy stage")
    parser.add_argument("--copies", type=int, default=4, help="number of copies in the panel against N")
    parser.add_output("--out", nargs=3, help="the figure as pdf, png and csv, with one prefix")


def run(args) -> None:
    import pandas as pd

    from qcomm.figures.privacy import privacy
    from qcomm.figures.style import save, use_style

    use_style()
    figure, drawn = privacy(pd.read_csv(args.table), args.copies)
    save(figure, args.out[0].with_suffix(""), drawn)


if __name__ == "__main__":
    execute(__file__, arguments, run)
