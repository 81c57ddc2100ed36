"""Node classification and the decision problem: one job per data set, method and seed."""

NODE_JOB = f"{RESULTS}/train_nodes/{{dataset}}/{{method}}/seed{{seed}}"


rule train_nodes:
    input:
        code=code_of("train_nodes"),
        features=f"{RESULTS}/features_nodes/{{dataset}}.npz",
    output:
        result=f"{NODE_JOB}.json",
        curve=f"{NODE_JOB}.csv",
        weights=f"{NODE_JOB}.safetensors",
        stamps=stamps_of(
            *(f"{NODE_JOB}.{ending}" for ending in ("json", "csv", "safetensors"))
        ),
    log:
        f"{LOGS}/train_nodes/{{dataset}}/{{method}}/seed{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_nodes/{{dataset}}/{{method}}/seed{{seed}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards: (
            8000 if wildcards.dataset in LARGE_NODE_SETS else 4000
        ),
        runtime=600,
    params:
        epochs=NODES["epochs"],
        model=settings("nodes", "model"),
    shell:
        "python -m qcomm.stages.train_nodes --features {input.features:q} --dataset {wildcards.dataset:q}"
        " --method {wildcards.method} --seed {wildcards.seed} --epochs {params.epochs} --model {params.model:q}"
        " --out {output.result:q} --curve {output.curve:q} --weights {output.weights:q} 2> {log:q}"
