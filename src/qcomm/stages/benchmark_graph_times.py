"""Time graph training on one graph set per epoch and fold against the plain PyTorch network, in turns."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--features", help="hop features of the graph set")
    parser.add_argument("--dataset", required=True, help="name of the graph set")
    parser.add_argument("--methods", nargs="+", required=True, help="methods of train_graphs to time")
    parser.add_argument("--repeats", type=int, default=5, help="timed turns of each implementation")
    parser.add_argument("--seed", type=int, default=0, help="seed of initial weights, shuffling and dropout")
    parser.add_settings("--model", required=True, help="row of hyper-parameters as json")
    parser.add_output("--out", help="csv of CPU seconds per epoch and fold")


def run(args) -> None:
    import pandas as pd

    from qcomm.audit.machine import device_name
    from qcomm.files import write_csv
    from qcomm.graphs.graph_comparison import times
    from qcomm.graphs.graph_settings import graph_model

    rows = []
    for method in args.methods:
        activation = graph_model(method, args.model).activation
        for found in times(args.features, method, args.model, args.repeats, (args.dataset, method, args.seed)):
            facts = {"dataset": args.dataset, "implementation": found.pop("implementation"), "activation": activation}
            rows.append({**facts, "device": device_name(), "threads": args.threads, **found})
    write_csv(args.out, pd.DataFrame(rows))


if __name__ == "__main__":
    execute(__file__, arguments, run)
