"""Hop features: nodes and graphs look at their neighbourhoods once, before any training."""


rule features_nodes:
    input:
        code=code_of("features_nodes"),
        graph=f"{RESULTS}/graphs/{{dataset}}.npz",
    output:
        multiext(f"{RESULTS}/features_nodes/{{dataset}}.npz", "", ".stamp.json"),
    log:
        f"{LOGS}/features_nodes/{{dataset}}.log",
    cache: "omit-software"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards: (
            16000 if wildcards.dataset in ("Reddit", "ogbn-products") else 3000
        ),
        runtime=60,
    params:
        hops=config["nodes"]["hops"],
        out=lambda wildcards, output: output[0],
        # ASSUME: rows are normalised where features are words (Planetoid, Amazon, Coauthor), as the authors do for Cora.
        flags=lambda wildcards: " ".join(
            flag
            for flag, names in (
                ("--row-normalised", "row_normalised"),
                ("--self-loops", "self_loops"),
            )
            if wildcards.dataset in config["nodes"][names]
        ),
    shell:
        "python -m qcomm.stages.features_nodes --graph {input.graph:q} --hops {params.hops} {params.flags}"
        " --out {params.out:q} 2> {log:q}"


rule features_graphs:
    input:
        code=code_of("features_graphs"),
        graphs=f"{RESULTS}/graphs/{{dataset}}.npz",
    output:
        multiext(f"{RESULTS}/features_graphs/{{dataset}}.npz", "", ".stamp.json"),
    log:
        f"{LOGS}/features_graphs/{{dataset}}.log",
    cache: "omit-software"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards: 12000 if wildcards.dataset == "COLLAB" else 4000,
        runtime=60,
    params:
        row=paper_row,
        out=lambda wildcards, output: output[0],
    shell:
        "python -m qcomm.stages.features_graphs --graphs {input.graphs:q} {params.row}"
        " --out {params.out:q} 2> {log:q}"
