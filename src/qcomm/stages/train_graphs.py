"""Train a graph network of the paper on some folds of one graph set."""

from qcomm.stages.frame import StageParser, execute
from qcomm.stages.rows import add_row, row_of


def arguments(parser: StageParser) -> None:
    parser.add_input("--features", help="hop features of the graph set")
    parser.add_argument("--dataset", required=True, help="name of the graph set")
    parser.add_argument("--method", required=True, help="SIGN-poly, SIGN-prelu, SIGN-identity, SIGN-poly-bn or -tuned")
    parser.add_argument("--protocol", required=True, choices=["gin", "honest"], help="how the epoch is chosen")
    parser.add_argument("--seed", type=int, required=True, help="seed of initial weights, shuffling and dropout")
    parser.add_argument("--folds", type=int, nargs="+", required=True, help="folds 0..9 to train")
    parser.add_argument("--epochs", type=int, default=350, help="epochs of each fold")
    parser.add_argument("--evaluate-training", action="store_true", help="score the training graphs every epoch, too")
    add_row(parser)
    parser.add_output("--out", help="json with the curves of each fold")
    parser.add_output("--weights", help="safetensors with the trained weights of each fold")


def run(args) -> None:
    from qcomm.errors import ConfigError
    from qcomm.files import write_json
    from qcomm.graphs.graph_blocks import prepare
    from qcomm.graphs.graph_features import load_features
    from qcomm.graphs.graph_network import needs_moments
    from qcomm.graphs.graph_settings import feature_blocks, graph_model
    from qcomm.graphs.graph_training import FOLDS, split_of, train_fold
    from qcomm.graphs.weights import write_weights
    from qcomm.progress import Progress

    if not all(0 <= fold < FOLDS for fold in args.folds) or args.epochs < 1:
        found = f"not {args.folds} and {args.epochs}"
        raise ConfigError(f"folds are 0..9, epochs at least 1, {found}", where="--folds, --epochs")
    row = row_of(args)
    model = graph_model(args.method, row)
    features, offsets, labels = load_features(args.features)
    hops = feature_blocks(row)
    data = prepare(features, offsets, labels, hops=hops, moments=needs_moments(model), batch=model.batch)
    units = model.hidden * hops
    folds, weights = [], {}
    for fold in args.folds:
        progress = Progress(args.epochs, f"{args.dataset} {args.method} {args.protocol} fold {fold}", "epoch")
        identity = (args.dataset, args.method, args.protocol, args.seed, fold)
        split = split_of(labels, fold, args.protocol)
        options = {"report": progress.update, "evaluate_training": args.evaluate_training}
        curves, trained = train_fold(data, split, model, units, args.epochs, identity, **options)
        folds.append({"fold": fold, **curves})
        weights |= {f"fold{fold}.{name}": value for name, value in trained.items()}
    facts = {"dataset": args.dataset, "method": args.method, "protocol": args.protocol, "seed": args.seed}
    write_json(args.out, {**facts, "norm": model.norm, "epochs": args.epochs, "units": units, "folds": folds})
    write_weights(args.weights, weights)


if __name__ == "__main__":
    execute(__file__, arguments, run)
