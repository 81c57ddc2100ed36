"""Train a distributed quantum model on a graph set fold by fold, with every message of training counted."""

from functools import cache

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--features", help="node features of the graph set")
    parser.add_settings("--settings", required=True, help="the section `distributed` of the configuration, as json")
    parser.add_output("--curves", help="csv: accuracy and cumulative traffic against step, by fold")
    parser.add_output("--accuracies", help="csv: test accuracy and traffic by fold and method")
    parser.add_output("--ledger", help="csv: every message of one step")
    parser.add_output("--weights", help="safetensors: angles and read-out by fold")


def run(args) -> None:
    import pandas as pd

    from qcomm.files import write_csv
    from qcomm.graphs.graph_features import load_features
    from qcomm.graphs.weights import write_weights

    features, offsets, labels = load_features(args.features)
    curves, accuracies, weights = [], [], {}
    for fold in args.settings["folds"]:
        result, rows = one_fold(features, offsets, labels, fold, args.settings)
        curves += [{"fold": fold, **row} for row in result.curve]
        accuracies += [{"method": method, "fold": fold, **row} for method, row in rows.items()]
        weights |= {f"fold{fold}.{name}": value for name, value in result.weights.items()}
    write_csv(args.curves, pd.DataFrame(curves))
    write_csv(args.accuracies, pd.DataFrame(accuracies))
    result.step_ledger.write(args.ledger)
    write_weights(args.weights, weights)


@cache
def model_of(qubits: int, layers: int, depth: int):
    """The circuit, lowered once for all folds; it holds no weights."""
    from qcomm.quantum.model import DistributedModel

    return DistributedModel(qubits, layers, depth)


def one_fold(features, offsets, labels, fold: int, settings: dict):
    """The trained model's result; accuracy and traffic of the whole fold by method.

    Alice holds inputs and labels: what she can do alone costs nothing, or Bob's angles once.
    """
    from qcomm.graphs.graph_training import split_of
    from qcomm.network.ledger import TRAFFIC
    from qcomm.progress import Progress
    from qcomm.protocols.training import train_alone, train_fold
    from qcomm.protocols.training_data import encode_graphs, logistic, majority

    split = split_of(labels, fold, "gin")
    data = encode_graphs(features, offsets, labels, split.train)
    model = model_of(data.qubits, settings["layers"], settings["depth"])
    progress = Progress(settings["steps"], f"distributed model fold {fold}", "step")
    result = train_fold(model, data, fold, settings, progress.update)
    alone, nothing = train_alone(model, data, fold, settings), dict.fromkeys(TRAFFIC, 0)
    rows = {
        "distributed": {"accuracy": result.accuracy, **{kind: result.curve[-1][kind] for kind in TRAFFIC}},
        "alone": {"accuracy": alone.accuracy, **{kind: getattr(alone.ledger, kind) for kind in TRAFFIC}},
        "logreg": {"accuracy": logistic(data, split.train, split.outer), **nothing},
        "majority": {"accuracy": majority(labels, split.train, split.outer), **nothing},
    }
    return result, rows


if __name__ == "__main__":
    execute(__file__, arguments, run)
