"""Hop features: nodes and graphs look at their neighbourhoods once, before any training."""

# More than 100 million edges: these need more memory.
LARGE_NODE_SETS = ("Reddit", "ogbn-products")


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
        # dense features up to nodes.memory_mb; the mapped graph and the interpreter besides
        mem_mb=lambda wildcards: (
            int(NODES["memory_mb"]) + 2500
            if wildcards.dataset in LARGE_NODE_SETS
            else 3000
        ),
        runtime=60,
    params:
        hops=NODES["hops"],
        memory_mb=NODES["memory_mb"],
        storage=lambda wildcards: (
            "bfloat16" if wildcards.dataset in NODES["bfloat16"] else "float32"
        ),
        out=lambda wildcards, output: output[0],
        # ASSUME: rows are normalised where features are words (Planetoid, Amazon, Coauthor), as the authors do for Cora.
        flags=lambda wildcards: " ".join(
            flag
            for flag, names in (
                ("--row-normalised", "row_normalised"),
                ("--self-loops", "self_loops"),
            )
            if wildcards.dataset in NODES[names]
        ),
    shell:
        "python -m qcomm.stages.features_nodes --graph {input.graph:q} --hops {params.hops} {params.flags}"
        " --memory-mb {params.memory_mb} --storage {params.storage} --out {params.out:q} 2> {log:q}"


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
