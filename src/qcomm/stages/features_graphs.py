"""Hop features of a graph set: powers of several operators applied to tags, degrees or a constant."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--graphs", help="graph set")
    parser.add_settings("--model", required=True, help="row of hyper-parameters: raw, rw, gcn, ppr, degree")
    parser.add_output("--out", help="npz of features, offsets and labels")


def run(args) -> None:
    import numpy as np

    from qcomm.data.values import GraphSet, pack_matrix
    from qcomm.files import write_npz
    from qcomm.graphs.hops import graph_features, one_hot

    graphs, model = GraphSet.load(args.graphs), args.model
    if model["degree"]:
        start = None
    elif graphs.tags is not None:
        start = one_hot(graphs.tags)
    else:
        start = np.ones((int(graphs.offsets[-1]), 1), np.float32)
    if graphs.attributes is not None and graphs.tags is None and not model["degree"]:
        start = graphs.attributes
    counts = {kind: model[kind] for kind in ("raw", "rw", "gcn", "ppr")}
    features = graph_features(graphs.adjacency, start, **counts)
    write_npz(args.out, pack_matrix("features", features) | {"offsets": graphs.offsets, "labels": graphs.labels})


if __name__ == "__main__":
    execute(__file__, arguments, run)
