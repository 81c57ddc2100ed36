"""Tables 1 to 5, the accuracy figure and the learning curves, from the results of all training jobs."""

from pathlib import Path

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--nodes", nargs="*", default=[], required=False, help="json files of node jobs")
    parser.add_input("--node-curves", nargs="*", default=[], required=False, help="csv files of node jobs")
    parser.add_input("--graphs", nargs="*", default=[], required=False, help="json files of graph jobs")
    parser.add_input("--tuned", nargs="*", default=[], required=False, help="json files of tune_graphs")
    parser.add_input("--statistics", nargs="*", default=[], required=False, help="json files of the graphs stage")
    parser.add_input("--published", stamped=False, help="published numbers, tab-separated")
    parser.add_settings("--settings", required=True, help="sections nodes, graphs, tables and run of the configuration")
    parser.add_output("--out", nargs="+", help="all files of the tables and figures; the first decides the folder")


def run(args) -> None:
    import pandas as pd

    from qcomm.files import read_json
    from qcomm.graphs.results import graph_frame, node_frame

    published = pd.read_csv(args.published, sep="\t")
    nodes, graphs = node_frame(args.nodes), graph_frame(args.graphs)
    folder, settings = args.out[0].parent, args.settings
    _node_tables(folder, settings, nodes, published)
    _graph_tables(folder, settings, graphs, published)
    _setting_tables(folder, settings, [read_json(path) for path in args.tuned], map(read_json, args.statistics))
    _accuracy(folder, settings, nodes, graphs, published)
    _curves(folder, args)


def _lengths(settings: dict) -> tuple[str, str]:
    """How long node and graph networks were trained: "150 of 1000"."""
    from qcomm.figures.table_sets import length

    return tuple(length(settings[name]["epochs"], settings[name]["paper_epochs"]) for name in ("nodes", "graphs"))


def _node_tables(folder: Path, settings: dict, nodes, published) -> None:
    from qcomm.figures import node_tables as tables
    from qcomm.figures.tables import write_table

    full = settings["nodes"]["paper_epochs"]
    note = f"{_lengths(settings)[0]} epochs ({settings['run']['name']} run)."
    caption = (
        "Table 1. Node classification and the decision problem, percent, mean and standard deviation over seeds; "
        f"{note} With C classes one pair is worth 200/(C(C-1)) points of the decision score (4.8 for Cora), so small "
        "differences there mean nothing."
    )
    write_table(tables.table1(nodes, published, full), folder / "table1", caption)
    caption = f"Beside Table 1: our baselines and published models on the node sets, percent; baselines {note}"
    write_table(tables.table1_others(nodes, published, full), folder / "table1_others", caption)


def _graph_tables(folder: Path, settings: dict, graphs, published) -> None:
    from qcomm.figures import graph_tables as tables
    from qcomm.figures.tables import write_table

    lengths = {"default": settings["graphs"]["paper_epochs"]}
    lengths |= dict.fromkeys(("GIN", "GCN"), settings["graphs"]["baseline_paper_epochs"])
    note = (
        f"percent, mean and standard deviation over 10 folds; {_lengths(settings)[1]} epochs "
        f"({settings['run']['name']} run). gin: best fold average over epochs, no test set, hence optimistic. honest: "
        "an inner fold picks the epoch. SIGN-poly-tuned: hyper-parameters chosen on the inner fold of fold 0, whose "
        "graphs are test graphs of other folds. GIN and GCN: ours, an epoch is one pass over the training graphs. A "
        "run shorter than the full protocol is not comparable with published numbers."
    )
    fifth = tables.table5(graphs, published, lengths)
    main = tables.table2(fifth, settings["tables"]["main_sets"], settings["tables"]["main_methods"])
    caption = f"Table 2. Graph classification, main sets, {note}"
    write_table(main, folder / "table2", caption, tables.wide(main))
    caption = f"Table 5. Graph classification, all sets and models, {note}"
    write_table(fifth, folder / "table5", caption, tables.wide(fifth))
    caption = "Runs of Table 5 by seed, percent, mean and standard deviation over folds."
    write_table(tables.table5_seeds(graphs, lengths), folder / "table5_seeds", caption)


def _setting_tables(folder: Path, settings: dict, tuned, statistics) -> None:
    from qcomm.figures import setting_tables as tables
    from qcomm.figures.tables import write_table

    caption = (
        "Table 3. Hyper-parameters of the full protocol: steps of each operator (sign: row-normalised symmetric), "
        "hidden units per block, normalisation, dropout (node sets: on inputs, on hidden units), batch, learning rate; "
        "degree: nodes start from their degree instead of their tag."
    )
    write_table(tables.table3(settings["graphs"], settings["nodes"], tuned), folder / "table3", caption)
    caption = (
        "Table 4. Data sets as loaded: edges are directed and without duplicates or self-loops; mean_edges counts "
        "undirected edges per graph."
    )
    write_table(tables.table4(list(statistics)), folder / "table4", caption)


def _accuracy(folder: Path, settings: dict, nodes, graphs, published) -> None:
    import pandas as pd

    from qcomm.figures.accuracy import accuracy_figure, full_length, other_lengths
    from qcomm.figures.style import save, use_style
    from qcomm.figures.table_sets import AUTHORS
    from qcomm.graphs.results import over_seeds

    use_style()
    by_seed = nodes.groupby(["dataset", "method"], sort=False)["test"]
    over_runs = pd.DataFrame({"mean": by_seed.mean(), "std": by_seed.std(ddof=0)}).reset_index()
    left = over_runs.assign(protocol="", error_of="seeds")
    right = over_seeds(graphs)[["dataset", "method", "protocol", "mean", "std"]].assign(error_of="folds")
    lengths = _lengths(settings)
    others = ", ".join(f"{name} {epochs}" for name, epochs in other_lengths(graphs, settings["graphs"]).items())
    title = f"graphs, {lengths[1]} epochs\n{f'{others}; ' if others else ''}bars: over folds"
    parts = {f"nodes, {lengths[0]} epochs\nbars: over seeds": left, title: right}
    shown = {title: part for title, part in parts.items() if len(part)}
    known = published[published.method == AUTHORS].rename(columns={"mean_percent": "mean", "std_percent": "std"})
    full = full_length(nodes, settings["nodes"]) | full_length(graphs[graphs.protocol == "gin"], settings["graphs"])
    figure = accuracy_figure(shown, known[known.dataset.isin(full)])
    save(figure, folder / "accuracy", pd.concat(shown.values()) if shown else left)


def _curves(folder: Path, args) -> None:
    import pandas as pd

    from qcomm.figures.learning_curves import learning_figure
    from qcomm.figures.style import save
    from qcomm.graphs.results import graph_curves, node_curves

    curves = [node_curves(args.nodes, args.node_curves).assign(protocol="")]
    curves.append(graph_curves(args.graphs).query("protocol == 'honest'"))
    data = pd.concat([part for part in curves if len(part)] or curves)
    save(learning_figure(data), folder / "learning_curves", data)


if __name__ == "__main__":
    execute(__file__, arguments, run)
