"""Hop features of a node set: X, S X, .., S^R X with the row-normalised symmetric operator."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--graph", help="graph with node labels")
    parser.add_argument("--hops", type=int, default=5, help="number of diffusion steps R")
    parser.add_argument("--row-normalised", action="store_true", help="divide rows of X by their sums first")
    parser.add_argument("--self-loops", action="store_true", help="add self-loops first")
    parser.add_argument("--storage", choices=["float32", "bfloat16"], default="float32", help="of dense hop features")
    parser.add_argument("--memory-mb", type=float, default=6000, help="memory for dense features; beyond it, disk")
    parser.add_output("--out", help="npz of hop features, labels and splits")


def run(args) -> None:
    import numpy as np

    from qcomm.data.values import SPLITS
    from qcomm.errors import DataError
    from qcomm.graphs.diffusion_store import npz_writer
    from qcomm.graphs.mapped import map_npz

    graph = map_npz(args.graph)
    if str(graph.get("kind")) != "graph":
        raise DataError("not a graph", where=str(args.graph), fix="check the kind of this data set")
    with npz_writer(args.out) as archive:
        archive.add({"labels": np.array(graph["labels"]), "hops": np.array(args.hops + 1)})
        archive.add({f"split_{name}": np.array(graph[f"split_{name}"]) for name in SPLITS})
        write = _dense if "features" in graph else _sparse
        write(args, graph, archive)


def _sparse(args, graph, archive) -> None:
    """Features that fill up hop by hop, in memory."""
    from qcomm.data.values import pack_matrix, unpack_matrix
    from qcomm.errors import ConfigError
    from qcomm.graphs.hops import node_hops

    if args.storage != "float32":
        raise ConfigError(
            "sparse features are stored as float32 only", where="--storage", fix="take the set out of nodes.bfloat16"
        )
    features = unpack_matrix("features", graph)
    options = {"row_normalised": args.row_normalised, "self_loops": args.self_loops, "threads": args.threads}
    for hop, matrix in enumerate(node_hops(unpack_matrix("adjacency", graph), features, args.hops, **options)):
        archive.add(pack_matrix(f"hop{hop}", matrix))


def _dense(args, graph, archive) -> None:
    """Dense features in blocks of rows, from the mapped graph."""
    from qcomm.graphs.diffusion import from_edges
    from qcomm.graphs.diffusion_store import STORAGES, Features, hop_streams

    operator = from_edges(graph["adjacency_indptr"], graph["adjacency_indices"], self_loops=args.self_loops)
    features = Features(graph["features"], row_normalised=args.row_normalised)
    limits = {"storage": args.storage, "memory_mb": args.memory_mb, "threads": args.threads}
    suffix = "" if args.storage == "float32" else f"_{args.storage}"
    for hop, blocks in enumerate(hop_streams(operator, features, args.hops, folder=args.out.parent, **limits)):
        archive.stream(f"hop{hop}{suffix}", features.matrix.shape, STORAGES[args.storage], blocks)


if __name__ == "__main__":
    execute(__file__, arguments, run)
