"""Draw a large graph from a degree-corrected block model with planted features, to measure time and memory on."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_settings("--model", required=True, help="fields of qcomm.graphs.generator.BlockModel as json")
    parser.add_input("--degrees", required=False, stamped=False, help="csv: degree, nodes; instead of the power law")
    parser.add_output("--out", help="npz of a graph, as the graphs stage writes it")


def run(args) -> dict[str, str]:
    import json

    import numpy as np

    from qcomm.errors import ConfigError
    from qcomm.graphs import generator
    from qcomm.graphs.diffusion_store import npz_writer

    try:
        model = generator.BlockModel(**args.model)
    except TypeError as error:
        raise ConfigError(f"not a block model: {error}", where="--model") from error
    blocks, degrees = generator.blocks_of(model), _degrees(args.degrees, model)
    indptr, indices = generator.edges_of(model, blocks, degrees)
    name = f"blocks{model.nodes}"
    with npz_writer(args.out) as archive:
        archive.add({"adjacency_indptr": indptr.astype(np.int32), "adjacency_indices": indices})
        archive.add({"adjacency_shape": np.array([model.nodes, model.nodes])})
        archive.stream("features", (model.nodes, model.features), np.float32, generator.features_of(model, blocks))
        archive.add({f"split_{split}": index for split, index in generator.splits_of(model).items()})
        facts = json.dumps({"source": "generated", "model": args.model}, sort_keys=True)
        archive.add({"labels": blocks, "kind": np.array("graph"), "name": np.array(name)})
        archive.add({"provenance": np.array(facts)})
    return {name: "generated"}


def _degrees(path, model):
    """Degrees by the model's power law, or drawn from the distribution in a file."""
    import pandas as pd

    from qcomm.errors import ConfigError
    from qcomm.graphs import generator

    if path is None:
        return generator.degrees_of(model)
    try:
        table = pd.read_csv(path, usecols=["degree", "nodes"], dtype=float)
    except ValueError as error:
        raise ConfigError(f"no columns degree and nodes of numbers: {error}", where=str(path)) from error
    return generator.degrees_from(model, table.degree.to_numpy(), table.nodes.to_numpy())


if __name__ == "__main__":
    execute(__file__, arguments, run)
