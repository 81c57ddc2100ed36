"""Tables 1 to 5, the accuracy figure and the learning curves, from the results of all training jobs."""

from pathlib import Path

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_input("--nodes", nargs="*", default=[], required=False, help="json files of node jobs")
    parser.add_input("--node-curves", nargs="*", default=[], required=False, help="csv files of node jobs")
    parser.add_input("--graphs", nargs="*", default=[], required=False, help="json files of graph jobs")
    parser.add_input("--statistics", nargs="*", default=[], required=False, help="json files of the graphs stage")
    parser.add_input("--published", stamped=False, help="published numbers, tab-separated")
    parser.add_settings("--settings", required=True, help="sections nodes, graphs, tables and run of the configuration")
    parser.add_output("--out", nargs="+", help="all files of the tables and figures; the first decides the folder")


def run(args) -> None:
    import pandas as pd

    from qcomm.files import read_json
    from qcomm.graphs.results import graph_frame, node_frame

    folder, settings = args.out[0].parent, args.settings
    published = pd.read_csv(args.published, sep="\t")
    nodes, graphs = node_frame(args.nodes), graph_frame(args.graphs)
    statistics = [read_json(path) for path in args.statistics]
    _tables(folder, settings, nodes, graphs, published, statistics)
    _pictures(folder, nodes, graphs, args)


def _tables(folder: Path, settings: dict, nodes, graphs, published, statistics) -> None:
    from qcomm.figures import graph_tables as tables
    from qcomm.figures.tables import write_table

    node_settings, graph_settings = settings["nodes"], settings["graphs"]
    node_length = tables.length(node_settings["epochs"], node_settings["paper_epochs"])
    graph_length = tables.length(graph_settings["epochs"], graph_settings["paper_epochs"])
    first = tables.table1(nodes, published, node_settings["paper_epochs"])
    write_table(
        first,
        folder / "table1",
        f"Table 1. Node classification and the decision problem, percent, mean and standard deviation over seeds; "
        f"{node_length} epochs ({settings['run']['name']} run). With C classes one pair is worth 200/(C(C-1)) points "
        "of the decision score (4.8 for Cora), so small differences there mean nothing.",
    )
    lengths = {"default": graph_settings["paper_epochs"]}
    lengths |= dict.fromkeys(("GIN", "GCN"), graph_settings["baseline_paper_epochs"])
    fifth = tables.table5(graphs, published, lengths)
    note = (
        f"percent, mean and standard deviation over 10 folds; {graph_length} epochs ({settings['run']['name']} run). "
        "gin: best fold average over epochs, no test set, hence optimistic. honest: an inner fold picks the epoch. "
        "A run shorter than the full protocol is not comparable with published numbers."
    )
    main = tables.table2(fifth, settings["tables"]["main_sets"], settings["tables"]["main_methods"])
    write_table(main, folder / "table2", f"Table 2. Graph classification, main sets, {note}", tables.wide(main))
    write_table(
        tables.table3(graph_settings, node_settings),
        folder / "table3",
        "Table 3. Hyper-parameters of the full protocol: steps of each operator (sign: row-normalised symmetric), "
        "hidden units per block, normalisation, dropout (node sets: on inputs, on hidden units), batch, learning rate.",
    )
    write_table(
        tables.table4(statistics),
        folder / "table4",
        "Table 4. Data sets as loaded: edges are directed and without duplicates or self-loops; mean_edges counts "
        "undirected edges per graph.",
    )
    write_table(
        fifth, folder / "table5", f"Table 5. Graph classification, all sets and models, {note}", tables.wide(fifth)
    )


def _pictures(folder: Path, nodes, graphs, args) -> None:
    import matplotlib.pyplot as plt
    import pandas as pd

    from qcomm.figures import accuracy as pictures
    from qcomm.figures.style import WIDTH, save, use_style
    from qcomm.graphs.results import graph_curves, node_curves, over_seeds

    use_style()
    by_seed = nodes.groupby(["dataset", "method"], sort=False)["test"]
    over_runs = pd.DataFrame({"mean": by_seed.mean(), "std": by_seed.std(ddof=0)}).reset_index()
    left = over_runs.assign(protocol="", error_of="seeds")
    right = over_seeds(graphs)[["dataset", "method", "protocol", "mean", "std"]].assign(error_of="folds")
    shown = [part for part in (left, right) if len(part)]
    figure, axes = plt.subplots(1, len(shown), figsize=(WIDTH, 3.8), squeeze=False)
    for ax, part in zip(axes[0], shown, strict=True):
        pictures.accuracy(part, ax)
        ax.set_title("nodes (bars: over seeds)" if part is left else "graphs (bars: over folds)")
    save(figure, folder / "accuracy", pd.concat(shown))

    curves = [node_curves(p for p in args.node_curves if p.parts[-2] != "logreg").assign(protocol="")]
    curves.append(graph_curves(args.graphs).query("protocol == 'honest'"))
    data = pd.concat([part for part in curves if len(part)])
    panels = list(data.groupby("dataset", sort=False))
    columns = min(4, len(panels))
    rows = -(-len(panels) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(WIDTH, 2.4 * rows + 0.5), squeeze=False)
    for ax, (dataset, part) in zip(axes.flat, panels, strict=False):
        pictures.learning_curves(part, ax).set_title(dataset)
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
    axes[0, 0].set_ylabel("test accuracy (%)")
    lines = {label: line for ax in axes.flat for line, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(lines.values(), lines.keys(), loc="outside lower center", ncols=6, fontsize="small")
    save(figure, folder / "learning_curves", data)


if __name__ == "__main__":
    execute(__file__, arguments, run)
