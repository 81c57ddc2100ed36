"""Draw error, failure rate and traffic of distributed inference."""

from qcomm.stages.frame import StageParser, execute

TABLES = ("sampling", "amplitude", "parameters", "failures", "slopes")


def arguments(parser: StageParser) -> None:
    for name in TABLES:
        parser.add_input(f"--{name}", help="csv of the inference stage")
    parser.add_output("--out", nargs=3, help="the figure as pdf, png and csv, with one prefix")


def run(args) -> None:
    import pandas as pd

    from qcomm.figures.inference import inference
    from qcomm.figures.style import save, use_style

    use_style()
    figure, drawn = inference(*(pd.read_csv(getattr(args, name)) for name in TABLES))
    save(figure, args.out[0].with_suffix(""), drawn)


if __name__ == "__main__":
    execute(__file__, arguments, run)
