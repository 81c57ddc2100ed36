"""Choose hyper-parameters of the polynomial graph network for one graph set on one inner fold."""

import sys

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--graphs", help="graph set")
    parser.add_argument("--dataset", required=True, help="name of the graph set")
    parser.add_argument("--epochs", type=int, default=150, help="epochs of each candidate")
    parser.add_argument("--seed", type=int, default=0, help="seed of initial weights, shuffling and dropout")
    parser.add_settings("--model", required=True, help="the paper's hyper-parameters of the data set as json")
    parser.add_output("--out", help="json of the chosen hyper-parameters: the data set, and a row like --model")
    parser.add_output("--scores", help="csv of every candidate's accuracy on the inner fold")


def run(args) -> None:
    import pandas as pd

    from qcomm.data.values import GraphSet
    from qcomm.errors import ConfigError, DivergedError
    from qcomm.files import write_csv, write_json
    from qcomm.graphs.graph_tuning import Search, candidates

    if args.epochs < 1:
        raise ConfigError(f"{args.epochs} epochs are not possible", where="--epochs", fix="give 1 or more")
    graphs = GraphSet.load(args.graphs)
    search, rows, best, chosen = Search(graphs), [], -1.0, {}
    tagged = graphs.tags is not None and not args.model["degree"]
    for number, row in enumerate(candidates(args.model, tagged)):
        score, epoch = search.score(row, args.epochs, (args.dataset, args.seed, number))
        rows.append({"candidate": number, **row, "epoch": epoch, "valid": score})
        print(f"{args.dataset} candidate {number}: {score:.4f} on the inner fold", file=sys.stderr, flush=True)
        if score > best:  # strictly better only: the paper's row comes first
            best, chosen = score, row
    if not chosen:
        raise DivergedError("every candidate diverged", where=args.dataset, fix="lower its learning rate (lr)")
    write_json(args.out, {"dataset": args.dataset, **chosen})
    write_csv(args.scores, pd.DataFrame(rows))


if __name__ == "__main__":
    execute(__file__, arguments, run)
