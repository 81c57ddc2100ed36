"""Time the diffusion steps of one implementation on one graph with dense features."""

from qcomm.stages.frame import StageParser, execute

SAMPLE = 1000  # rows kept to compare results


def arguments(parser: StageParser) -> None:
    parser.add_input("--graph", help="graph with dense features")
    parser.add_argument("--implementation", required=True, choices=["scipy", "torch", "qcomm"], help="what multiplies")
    parser.add_argument("--storage", choices=["float32", "bfloat16"], default="float32", help="of features, qcomm only")
    parser.add_argument("--hops", type=int, default=5, help="number of diffusion steps")
    parser.add_output("--out", help="json: seconds of building the operator from the edges and of each step")
    parser.add_output("--sample", help="npz of some rows of the last hop")


def run(args) -> None:
    import time

    import numpy as np

    from qcomm.errors import ConfigError
    from qcomm.files import write_json, write_npz
    from qcomm.graphs.bfloat import narrowed, widened
    from qcomm.graphs.diffusion import workers
    from qcomm.graphs.mapped import map_npz

    if args.storage != "float32" and args.implementation != "qcomm":
        raise ConfigError("only qcomm computes with bfloat16", where="--storage")
    if args.threads > 1 and args.implementation == "scipy":
        raise ConfigError("scipy's product has one thread", where="--threads", fix="leave it at 1")
    graph = map_npz(args.graph)
    indptr, indices = np.array(graph["adjacency_indptr"]), np.array(graph["adjacency_indices"])
    # absolute values: bfloat16's error is bounded relative to the value only where nothing cancels
    features = np.abs(graph["features"])
    features = narrowed(features) if args.storage == "bfloat16" else features
    build, seconds = {"scipy": _scipy, "torch": _torch, "qcomm": _qcomm}[args.implementation], []
    with workers(args.threads) as pool:
        pair = np.array([0, 1, 2], np.int32), np.array([1, 0], np.int32)
        build(*pair, args.threads, pool)(features[:2])  # loads and compiles before the clock runs
        start = time.perf_counter()
        step = build(indptr, indices, args.threads, pool)
        prepared = time.perf_counter() - start
        for _ in range(args.hops):
            start = time.perf_counter()
            features = step(features)
            seconds.append(time.perf_counter() - start)
    rows = np.asarray(features[:: -(-len(features) // SAMPLE)])
    write_npz(args.sample, {"rows": widened(rows) if args.storage == "bfloat16" else rows})
    facts = {"implementation": args.implementation, "storage": args.storage, "hops": args.hops}
    facts |= {"nodes": indptr.size - 1, "edges": indices.size, "features": features.shape[1]}
    write_json(args.out, {**facts, "prepare_s": prepared, "hop_s": seconds})


def _values(operator):
    """The operator's entries, which scipy and torch need one by one."""
    import numpy as np

    values = np.repeat(operator.rows, np.diff(operator.indptr))
    for at in range(0, values.size, 1 << 24):
        values[at : at + (1 << 24)] *= operator.columns[operator.indices[at : at + (1 << 24)]]
    return values


def _scipy(indptr, indices, threads, pool):
    from scipy import sparse

    from qcomm.graphs.diffusion import from_edges

    operator = from_edges(indptr, indices)
    matrix = sparse.csr_array((_values(operator), indices, indptr), shape=(operator.nodes, operator.nodes))
    return lambda features: matrix @ features


def _torch(indptr, indices, threads, pool):
    import warnings

    import torch

    from qcomm.graphs.diffusion import from_edges

    torch.set_num_threads(threads)
    operator = from_edges(indptr, indices)
    parts = [torch.from_numpy(part) for part in (indptr, indices, _values(operator))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "CSR support is in beta"
        matrix = torch.sparse_csr_tensor(*parts, size=(operator.nodes, operator.nodes))
    return lambda features: (matrix @ torch.as_tensor(features)).numpy()


def _qcomm(indptr, indices, threads, pool):
    from qcomm.graphs.diffusion import from_edges

    operator = from_edges(indptr, indices)
    return lambda features: operator.step(features, pool)


if __name__ == "__main__":
    execute(__file__, arguments, run)
