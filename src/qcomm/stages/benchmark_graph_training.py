"""Collect times and accuracies of graph training: tables, ratios with the goals that they reach, checks, figure."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--times", nargs="+", help="csv files of benchmark_graph_times")
    parser.add_input("--accuracies", nargs="*", required=False, default=[], help="json of benchmark_graph_accuracy")
    parser.add_input("--published", stamped=False, help="tsv of published times per epoch and fold")
    parser.add_argument("--not-run", nargs="*", default=[], help="sets that were asked for and could not be had")
    parser.add_output("--out", help="csv of CPU seconds per epoch and fold")
    parser.add_output("--accuracy", help="csv of accuracies over ten folds, one row per set")
    parser.add_output("--ratios", nargs=3, help="times of others over ours as csv, md and tex, with one prefix")
    parser.add_output("--checks", help="csv of goals: name, value, low, high, ok")
    parser.add_output("--figure", nargs=3, help="the figure as pdf, png and csv, with one prefix")


def run(args) -> None:
    import matplotlib.pyplot as plt
    import pandas as pd

    from qcomm.figures.benchmark_graphs import benchmark_graphs, checks, ratios, shown
    from qcomm.figures.style import WIDTH, save, use_style
    from qcomm.figures.tables import write_table
    from qcomm.files import read_json, write_csv

    times = pd.concat([pd.read_csv(path) for path in args.times], ignore_index=True)
    published = pd.read_csv(args.published, sep="\t")
    accuracy = pd.DataFrame([read_json(path) for path in args.accuracies])
    table = ratios(times, published, args.not_run)
    write_csv(args.out, times)
    write_csv(args.accuracy, accuracy)
    write_csv(args.checks, checks(table, accuracy))
    smallest = table.dropna(subset=["plain_over_qcomm"]).plain_over_qcomm.min()
    caption = (
        "CPU seconds per epoch and fold (training and the score of the outer fold), one thread, both implementations in"
        f" turns in one process; the smallest ratio of plain PyTorch to ours is {smallest:.1f}. Times of the authors'"
        " code were measured once on another machine and also score the training graphs; the goal is a ratio."
    )
    write_table(table, args.ratios[0].with_suffix(""), caption, shown=shown(table))
    use_style()
    figure, ax = plt.subplots(figsize=(WIDTH, 3.4))
    benchmark_graphs(times, published, ax)
    save(figure, args.figure[0].with_suffix(""), times)


if __name__ == "__main__":
    execute(__file__, arguments, run)
