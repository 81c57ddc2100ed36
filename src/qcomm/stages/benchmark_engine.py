"""Check, draw and tabulate times of the circuit engine and its peers, as benchmarks/engine.py measured them."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--times", stamped=False, help="csv of benchmarks/engine.py")
    parser.add_settings("--settings", help="of the run, for the stamp, as json: qubits, repeats, ..")
    parser.add_settings("--scripts", help="sha256 of the scripts that measured, by name, for the stamp, as json")
    parser.add_output("--out", help="the same csv, checked and stamped")
    parser.add_output("--figure", nargs=3, help="the figure as pdf, png and csv, with one prefix")
    parser.add_output("--ratios", nargs=3, help="peers' times over ours as csv, md and tex, with one prefix")


def run(args) -> None:
    import pandas as pd

    from qcomm.figures.benchmark_engine import checked, figure, ratios
    from qcomm.figures.style import save, use_style
    from qcomm.figures.tables import write_table
    from qcomm.files import write_csv

    times = checked(pd.read_csv(args.times), str(args.times))
    write_csv(args.out, times)
    use_style()
    save(figure(times), args.figure[0].with_suffix(""), times)
    table = ratios(times)
    caption = (
        "Median time of other engines over that of this one, same circuits, in turns in one run on one thread; the"
        f" smallest ratio of all is {table.smallest.min():.2f}."
    )
    write_table(table, args.ratios[0].with_suffix(""), caption, shown=table.round(1))


if __name__ == "__main__":
    execute(__file__, arguments, run)
