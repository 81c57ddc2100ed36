"""Train our graph network and the plain PyTorch one on the same ten folds: both must end at the same accuracy."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--features", help="hop features of the graph set")
    parser.add_argument("--dataset", required=True, help="name of the graph set")
    parser.add_argument("--method", default="SIGN-poly", help="method of train_graphs")
    parser.add_argument("--epochs", type=int, default=60, help="epochs of each fold")
    parser.add_argument("--seed", type=int, default=0, help="seed of initial weights, shuffling and dropout")
    parser.add_settings("--model", required=True, help="row of hyper-parameters as json")
    parser.add_output("--out", help="json of both accuracies")


def run(args) -> None:
    from qcomm.errors import ConfigError
    from qcomm.files import write_json
    from qcomm.graphs.graph_comparison import accuracies
    from qcomm.graphs.graph_settings import graph_model

    if args.epochs < 1:
        raise ConfigError(f"{args.epochs} epochs train nothing", where="--epochs", fix="give 1 or more")
    facts = {"dataset": args.dataset, "activation": graph_model(args.method, args.model).activation}
    identity = (args.dataset, args.method, args.seed)
    write_json(args.out, facts | accuracies(args.features, args.method, args.model, args.epochs, identity))


if __name__ == "__main__":
    execute(__file__, arguments, run)
