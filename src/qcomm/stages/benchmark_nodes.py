"""Time the training and the evaluation of a node network epoch by epoch."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--features", help="hop features of the node set")
    parser.add_argument("--method", default="SIGN-poly", help="as in train_nodes")
    parser.add_argument("--epochs", type=int, default=3, help="epochs to time, after one that warms up")
    parser.add_argument("--evaluations", type=int, default=1, help="evaluations to time")
    parser.add_argument("--seed", type=int, default=0, help="seed of initial weights and dropout")
    parser.add_settings("--model", default={}, help="hyper-parameters that differ from the paper's, as json")
    parser.add_output("--out", help="json: seconds of each epoch and evaluation, losses, accuracies")


def run(args) -> None:
    import time

    from qcomm.files import write_json
    from qcomm.graphs.node_features import load_node_data
    from qcomm.graphs.node_network import NodeNetwork
    from qcomm.graphs.node_settings import node_model
    from qcomm.graphs.node_training import scores
    from qcomm.seeds import generator

    model, all_hops = node_model(args.method, args.model)
    start = time.perf_counter()
    data = load_node_data(args.features, None if all_hops else 1)
    network = NodeNetwork(model, data, generator("benchmark_nodes", args.seed))
    loaded, epochs, losses, evaluations, found = time.perf_counter() - start, [], [], [], {}
    for _ in range(args.epochs + 1):
        start = time.perf_counter()
        losses.append(network.train_epoch())
        epochs.append(time.perf_counter() - start)
    for _ in range(args.evaluations):
        start = time.perf_counter()
        found = scores(network.logits(), data)
        evaluations.append(time.perf_counter() - start)
    counts = {split: int(labels.size) for split, labels in data.labels.items()}
    times = {"load_s": loaded, "epoch_s": epochs[1:], "evaluation_s": evaluations}
    write_json(args.out, {"nodes": counts, "hops": len(data.hops), **times, "losses": losses, **found})


if __name__ == "__main__":
    execute(__file__, arguments, run)
