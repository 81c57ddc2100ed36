"""Time the diffusion steps of one implementation on one graph with dense features."""

from qcomm.stages.frame import StageParser, execute

SAMPLE = 1000  # rows kept to compare results


def arguments(parser: StageParser) -> None:
    parser.add_input("--graph", help="graph with dense features")
    parser.add_argument("--implementation", required=True, choices=["scipy", "torch", "qcomm"], help="what multiplies")
    parser.add_argument("--storage", choices=["float32", "bfloat16"], default="float32", help="of features, qcomm only")
    parser.add_argument("--hops", type=int, default=5, help="number of diffusion steps")
    parser.add_output("--out", help="json: seconds of preparing the operator and of each step")
    parser.add_output("--sample", help="npz of some rows of the last hop")


def run(args) -> None:
    import time

    import numpy as np

    from qcomm.errors import ConfigError
    from qcomm.files import write_json, write_npz
    from qcomm.graphs.bfloat import narrowed, widened
    from qcomm.graphs.diffusion import from_edges
    from qcomm.graphs.mapped import map_npz

    if args.storage != "float32" and args.implementation != "qcomm":
        raise ConfigError("only qcomm computes with bfloat16", where="--storage")
    graph = map_npz(args.graph)
    indptr, indices = np.array(graph["adjacency_indptr"]), np.array(graph["adjacency_indices"])
    features = np.array(graph["features"])
    features = narrowed(features) if args.storage == "bfloat16" else features
    start = time.perf_counter()
    operator = from_edges(indptr, indices)
    prepared, seconds = time.perf_counter() - start, []
    for step in {"scipy": _scipy, "torch": _torch, "qcomm": _qcomm}[args.implementation](operator, args.hops, args):
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


def _scipy(operator, hops, args):
    from scipy import sparse

    shape = (operator.nodes, operator.nodes)
    matrix = sparse.csr_array((_values(operator), operator.indices, operator.indptr), shape=shape)
    return [lambda features: matrix @ features] * hops


def _torch(operator, hops, args):
    import warnings

    import torch

    torch.set_num_threads(args.threads)
    parts = [torch.from_numpy(part) for part in (operator.indptr, operator.indices, _values(operator))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "CSR support is in beta"
        matrix = torch.sparse_csr_tensor(*parts, size=(operator.nodes, operator.nodes))
    return [lambda features: (matrix @ torch.as_tensor(features)).numpy()] * hops


def _qcomm(operator, hops, args):
    import numpy as np

    from qcomm.graphs.diffusion import workers

    dtype = np.uint16 if args.storage == "bfloat16" else np.float32
    operator.block(np.zeros((operator.nodes, 1), dtype), 0, np.empty((1, 1), dtype))  # compiled before the clock runs
    with workers(args.threads) as pool:
        yield from [lambda features: operator.step(features, pool)] * hops


if __name__ == "__main__":
    execute(__file__, arguments, run)
