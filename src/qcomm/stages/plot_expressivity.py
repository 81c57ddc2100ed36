"""Draw separation ranks and fits against depth."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--ranks", help="csv of the expressivity stage")
    parser.add_input("--growth", help="csv of the expressivity stage")
    parser.add_input("--fits", help="csv of the expressivity stage")
    parser.add_output("--out", nargs=3, help="the figure as pdf, png and csv, with one prefix")


def run(args) -> None:
    import pandas as pd

    from qcomm.figures.expressivity import expressivity
    from qcomm.figures.style import save, use_style

    use_style()
    figure, drawn = expressivity(*(pd.read_csv(path) for path in (args.ranks, args.growth, args.fits)))
    save(figure, args.out[0].with_suffix(""), drawn)


if __name__ == "__main__":
    execute(__file__, arguments, run)
