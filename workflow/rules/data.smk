"""Raw files and the graphs that they describe."""


def own_files(wildcards):
    """The user's own files: their content decides whether they are read again, and who may share the result."""
    entry = config["data"]["own"].get(wildcards.dataset)
    if entry is None:
        return []
    path = Path(entry["path"])
    files = sorted(path.glob("*.txt")) if path.is_dir() else [path]
    return [
        str(file) for file in files if file.exists()
    ]  # the stage says which key is wrong


def tell_of_earlier_sources():
    """Raw files stay when the sources change; say which ones `--forcerun fetch` would now take from elsewhere."""
    fetcher = Fetcher.of_settings(config["data"], Path(workflow.basedir) / "data")
    names = set(NODES["datasets"] + GRAPHS["datasets"]) - set(config["data"]["own"])
    for name in sorted(names):
        bundle = f"data/raw/{name}.zip"
        if Path(stamps_of(bundle)[0]).exists():
            recorded = read_stamp(bundle).get("data_source", {}).get(name, "own")
            earlier = fetcher.earlier_source(name, recorded)
            if earlier:
                logger.warning(
                    f"{bundle} comes from {recorded}; to take it from {earlier}: snakemake --forcerun fetch"
                )


if workflow.is_main_process:
    try:
        tell_of_earlier_sources()
    except QcommError as error:
        raise WorkflowError(str(error)) from None


rule fetch:
    input:
        code=code_of("fetch"),
        tables=["data/datasets.tsv", "data/wheels.tsv", "data/containers.tsv"],
        own=own_files,
    output:
        multiext("data/raw/{dataset}.zip", "", ".stamp.json"),
    log:
        f"{LOGS}/fetch/{{dataset}}.log",
    cache: "omit-software"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        own=lambda wildcards: config["data"]["own"].get(wildcards.dataset, {}),
        bundle=lambda wildcards, output: output[0],
    shell:
        'python -m qcomm.stages.fetch --dataset {wildcards.dataset:q} --settings "$QCOMM_DATA_SETTINGS"'
        " --out {params.bundle:q} 2> {log:q}"


# MB while reading, with room: a tenth of Reddit's size took 640, a twentieth of the size of ogbn-products 200.
GRAPH_MEMORY = {"Reddit": 9000, "ogbn-products": 6000}


rule graphs:
    input:
        code=code_of("graphs"),
        tables=[
            "data/datasets.tsv",
            "data/cora_planetoid_order.txt",
            "data/mutag_gin_order.txt",
        ],
        bundle="data/raw/{dataset}.zip",
    output:
        graph=f"{RESULTS}/graphs/{{dataset}}.npz",
        statistics=f"{RESULTS}/graphs/{{dataset}}.json",
        stamps=stamps_of(
            f"{RESULTS}/graphs/{{dataset}}.npz", f"{RESULTS}/graphs/{{dataset}}.json"
        ),
    log:
        f"{LOGS}/graphs/{{dataset}}.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards: GRAPH_MEMORY.get(wildcards.dataset, 3000),
        runtime=60,
    shell:
        "python -m qcomm.stages.graphs --bundle {input.bundle:q} --out {output.graph:q}"
        " --statistics {output.statistics:q} 2> {log:q}"
