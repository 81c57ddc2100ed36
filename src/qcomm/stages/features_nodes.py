"""Hop features of a node set: X, S X, .., S^R X with the row-normalised symmetric operator."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--graph", help="graph with node labels")
    parser.add_argument("--hops", type=int, default=5, help="number of diffusion steps R")
    parser.add_argument("--row-normalised", action="store_true", help="divide rows of X by their sums first")
    parser.add_argument("--self-loops", action="store_true", help="add self-loops first")
    parser.add_output("--out", help="npz of hop features, labels and splits")


def run(args) -> None:
    import numpy as np

    from qcomm.data.values import Graph, pack_matrix
    from qcomm.files import write_npz
    from qcomm.graphs.hops import node_hops

    graph = Graph.load(args.graph)
    options = {"row_normalised": args.row_normalised, "self_loops": args.self_loops}
    arrays = {"labels": graph.labels, "hops": np.array(args.hops + 1)}
    arrays |= {f"split_{name}": index for name, index in graph.splits.items()}
    for hop, features in enumerate(node_hops(graph.adjacency, graph.features, args.hops, **options)):
        arrays |= pack_matrix(f"hop{hop}", features)
    write_npz(args.out, arrays)


if __name__ == "__main__":
    execute(__file__, arguments, run)
