"""Draw and tabulate the training of the distributed model."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--curves", help="csv of curves")
    parser.add_input("--accuracies", help="csv of accuracies")
    parser.add_input("--ledger", help="csv: messages of one step")
    parser.add_output("--figure", nargs=3, help="the figure as pdf, png and csv, with one prefix")
    parser.add_output("--table", nargs=3, help="the table as csv, md and tex, with one prefix")


def run(args) -> None:
    import pandas as pd

    from qcomm.figures.distributed import distributed, summary
    from qcomm.figures.style import save, use_style
    from qcomm.figures.tables import write_table

    curves, accuracies, ledger = (pd.read_csv(path) for path in (args.curves, args.accuracies, args.ledger))
    use_style()
    figure, drawn = distributed(curves, accuracies)
    save(figure, args.figure[0].with_suffix(""), drawn)
    table = summary(curves, accuracies, ledger)
    caption = (
        "Training of the distributed model: test accuracy in percent, mean and standard deviation over folds, after the"
        " last step (nothing is selected), beside classifiers of the same encoded inputs; counted traffic of one fold,"
        " one copy of every state per graph and step. Method alone: Bob sends his initial angles once, 32 bits each,"
        " and Alice, who holds inputs and labels, trains the same circuit alone; the other classifiers are hers alone."
    )
    write_table(table, args.table[0].with_suffix(""), caption)


if __name__ == "__main__":
    execute(__file__, arguments, run)
