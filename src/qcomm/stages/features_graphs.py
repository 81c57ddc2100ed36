"""Hop features of a graph set: powers of several operators applied to tags, degrees or a constant."""

from qcomm.stages.frame import StageParser, execute
from qcomm.stages.rows import add_row, row_of


def arguments(parser: StageParser) -> None:
    parser.add_input("--graphs", help="graph set")
    add_row(parser)
    parser.add_output("--out", help="npz of features, offsets and labels")


def run(args) -> None:
    from qcomm.data.values import GraphSet, pack_matrix
    from qcomm.files import write_npz
    from qcomm.graphs.graph_features import hop_features

    graphs = GraphSet.load(args.graphs)
    features = hop_features(graphs, row_of(args))
    write_npz(args.out, pack_matrix("features", features) | {"offsets": graphs.offsets, "labels": graphs.labels})


if __name__ == "__main__":
    execute(__file__, arguments, run)
