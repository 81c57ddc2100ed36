"""Train a baseline of graph classification on all ten folds under the honest rule."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--graphs", help="graph set")
    parser.add_input("--features", required=False, help="its hop features; logreg and moments read them")
    parser.add_argument("--dataset", required=True, help="name of the graph set")
    parser.add_argument("--method", required=True, choices=["GIN", "GCN", "logreg", "moments"], help="which baseline")
    parser.add_argument("--seed", type=int, required=True, help="seed of initial weights, shuffling and dropout")
    parser.add_argument("--epochs", type=int, default=100, help="epochs of GIN and GCN")
    parser.add_settings("--model", required=True, help="row of hyper-parameters: what nodes start from")
    parser.add_output("--out", help="json with the result of each fold")


def run(args) -> None:
    from qcomm.files import write_json

    if args.method in ("GIN", "GCN"):
        folds, epochs, norm = _networks(args), args.epochs, "batch"
    else:
        folds, epochs, norm = _linear(args), None, "none"
    facts = {"dataset": args.dataset, "method": args.method, "protocol": "honest", "seed": args.seed}
    write_json(args.out, {**facts, "norm": norm, "epochs": epochs, "folds": folds})


def _linear(args) -> list[dict]:
    from qcomm.errors import ConfigError
    from qcomm.graphs.graph_features import load_features
    from qcomm.graphs.graph_linear import linear_folds, pooled, pooled_moments

    if args.features is None:
        raise ConfigError(f"{args.method} needs hop features", where="--features", fix="give the set's file")
    features, offsets, labels = load_features(args.features)
    return linear_folds((pooled if args.method == "logreg" else pooled_moments)(features, offsets), labels)


def _networks(args) -> list[dict]:
    from qcomm.data.values import GraphSet
    from qcomm.graphs.graph_message_passing import Batches, Recipe, train_fold
    from qcomm.graphs.graph_training import FOLDS, split_of
    from qcomm.progress import Progress

    graphs, folds = GraphSet.load(args.graphs), []
    batches = Batches(graphs, args.model, args.method)
    for fold in range(FOLDS):
        progress = Progress(args.epochs, f"{args.dataset} {args.method} fold {fold}", "epoch")
        identity = (args.dataset, args.method, args.seed, fold)
        split = split_of(graphs.labels, fold, "honest")
        curves = train_fold(args.method, batches, split, args.epochs, identity, Recipe(), progress.update)
        folds.append({"fold": fold, **curves})
    return folds


if __name__ == "__main__":
    execute(__file__, arguments, run)
