"""Time graph training per epoch and fold against the plain PyTorch network, in turns, on one core."""

from qcomm.stages.frame import StageParser, execute

# CPU seconds per epoch and fold of the authors' released code (hmichaeli/quantum_gnns) on one core of an idle machine;
# measured once, on another machine: cited, never a row beside ours.
AUTHORS = {"MUTAG": 0.126, "PTC": 0.278, "PROTEINS": 0.90, "IMDB-B": 0.95, "IMDB-M": 0.80, "NCI1": 2.7}
METHODS = {"poly": "SIGN-poly", "prelu": "SIGN-prelu", "identity": "SIGN-identity"}


def arguments(parser: StageParser) -> None:
    parser.add_input("--features", nargs="+", help="hop features of graph sets")
    parser.add_argument("--datasets", nargs="+", required=True, help="their names, in the same order")
    parser.add_argument("--activations", nargs="+", default=list(METHODS), choices=METHODS, help="what to time")
    parser.add_argument("--repeats", type=int, default=5, help="timed turns of each implementation")
    parser.add_argument("--seed", type=int, default=0, help="seed of initial weights, shuffling and dropout")
    parser.add_argument("--accuracy-sets", nargs="*", default=[], help="sets on which accuracies are compared, too")
    parser.add_argument("--accuracy-epochs", type=int, default=60, help="epochs of that comparison")
    parser.add_settings("--models", required=True, help="hyper-parameters per data set as json")
    parser.add_output("--out", help="csv of CPU seconds per epoch and fold")
    parser.add_output("--authors", help="csv of the authors' code, as cited")
    parser.add_output("--accuracy", help="csv of accuracies over ten folds")
    parser.add_output("--figure", nargs=3, help="the figure as pdf, png and csv, with one prefix")


def run(args) -> None:
    import matplotlib.pyplot as plt
    import pandas as pd

    from qcomm.figures.benchmark_graphs import benchmark_graphs
    from qcomm.figures.style import WIDTH, save, use_style
    from qcomm.files import write_csv
    from qcomm.graphs.graph_comparison import accuracies, times

    rows, scores = [], []
    for path, dataset in zip(args.features, args.datasets, strict=True):
        row = args.models[dataset]
        for activation in args.activations:
            print(f"{dataset} {activation}", flush=True)
            facts = {"dataset": dataset, "activation": activation, "device": "cpu", "threads": args.threads}
            for found in times(path, METHODS[activation], row, args.repeats, (dataset, activation, args.seed)):
                rows.append(facts | found)
        if dataset in args.accuracy_sets:
            identity = (dataset, "SIGN-poly", args.seed)
            for found in accuracies(path, "SIGN-poly", row, args.accuracy_epochs, identity):
                scores.append({"dataset": dataset, "activation": "poly", **found})
    names = ["dataset", "implementation", "activation", "device", "threads", "cpu_s_per_epoch_fold"]
    table = pd.DataFrame(rows)[[*names, "low", "high", "repeats"]]
    cited = pd.DataFrame(AUTHORS.items(), columns=["dataset", "cpu_s_per_epoch_fold"])
    write_csv(args.out, table)
    write_csv(args.authors, cited.assign(source="authors' released code, one core of another idle 2-core machine"))
    columns = ["dataset", "activation", "implementation", "epochs", "folds", "mean", "std"]
    write_csv(args.accuracy, pd.DataFrame(scores, columns=columns))
    use_style()
    figure, ax = plt.subplots(figsize=(WIDTH, 3.4))
    benchmark_graphs(table, cited, ax)
    save(figure, args.figure[0].with_suffix(""), table)


if __name__ == "__main__":
    execute(__file__, arguments, run)
