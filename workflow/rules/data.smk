"""Raw files and the graphs that they describe."""


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
