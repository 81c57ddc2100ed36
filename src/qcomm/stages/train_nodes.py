"""Train a node network of the paper, or a baseline, on one node set with one seed."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--features", help="hop features of the node set")
    parser.add_argument("--dataset", required=True, help="name of the node set")
    parser.add_argument("--method", required=True, help="SIGN-poly, SIGN-prelu, SIGN-identity, MLP or logreg")
    parser.add_argument("--seed", type=int, required=True, help="seed of initial weights and dropout")
    parser.add_argument("--epochs", type=int, default=1000, help="epochs; logistic regression has none")
    parser.add_settings("--model", default={}, help="hyper-parameters that differ from the paper's, as json")
    parser.add_output("--out", help="json of the selected figures")
    parser.add_output("--curve", help="csv of the learning curve")
    parser.add_output("--weights", help="safetensors of the weights at the best validation epoch")


def run(args) -> None:
    import pandas as pd

    from qcomm.errors import ConfigError
    from qcomm.files import write_csv, write_json
    from qcomm.graphs.node_features import load_node_data
    from qcomm.graphs.node_settings import node_model
    from qcomm.graphs.node_training import logistic_regression, selected, train
    from qcomm.graphs.weights import write_weights
    from qcomm.progress import Progress

    if args.method == "logreg":
        curve, weights, epochs = logistic_regression(load_node_data(args.features)), {}, None
    else:
        model, all_hops = node_model(args.method, args.model)
        if args.epochs < model.evaluate_every:
            raise ConfigError(
                f"{args.epochs} epochs end before the first evaluation",
                where="--epochs",
                fix=f"nodes.epochs of nodes.model.evaluate_every ({model.evaluate_every}) or more",
            )
        data = load_node_data(args.features, None if all_hops else 1)
        progress = Progress(args.epochs, f"{args.dataset} {args.method} seed {args.seed}", "epoch")
        identity = (args.dataset, args.method, args.seed)
        curve, weights = train(data, model, args.epochs, identity, report=progress.update)
        epochs = args.epochs
    facts = {"dataset": args.dataset, "method": args.method, "seed": args.seed, "epochs": epochs}
    write_json(args.out, facts | selected(curve))
    write_csv(args.curve, pd.DataFrame(curve))
    write_weights(args.weights, weights)


if __name__ == "__main__":
    execute(__file__, arguments, run)
