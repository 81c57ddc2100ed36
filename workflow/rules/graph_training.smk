"""Graph classification: the paper's networks fold by fold, and the baselines."""

TRAINED = f"{RESULTS}/train_graphs/{{dataset}}/{{method}}/{{protocol}}/seed{{seed}}/folds{{first}}-{{last}}"


rule train_graphs:
    input:
        code=code_of("train_graphs"),
        features=f"{RESULTS}/features_graphs/{{dataset}}.npz",
    output:
        curves=f"{TRAINED}.json",
        weights=f"{TRAINED}.safetensors",
        stamps=stamps_of(f"{TRAINED}.json", f"{TRAINED}.safetensors"),
    log:
        f"{LOGS}/train_graphs/{{dataset}}/{{method}}/{{protocol}}/seed{{seed}}/folds{{first}}-{{last}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_graphs/{{dataset}}/{{method}}/{{protocol}}/seed{{seed}}/folds{{first}}-{{last}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards: 12000 if wildcards.dataset in LARGE_SETS else 3000,
        runtime=600,
    params:
        epochs=graph_epochs,
        folds=folds_of,
        row=paper_row,
        method=lambda wildcards: wildcards.method,
        protocol=lambda wildcards: wildcards.protocol,
    shell:
        "python -m qcomm.stages.train_graphs --features {input.features:q} --dataset {wildcards.dataset:q}"
        " --method {params.method} --protocol {params.protocol} --seed {wildcards.seed} --folds {params.folds}"
        " --epochs {params.epochs} {params.row} --out {output.curves:q} --weights {output.weights:q} 2> {log:q}"


rule baselines_graphs:
    input:
        code=code_of("baselines_graphs"),
        graphs=f"{RESULTS}/graphs/{{dataset}}.npz",
        features=lambda wildcards: (
            []
            if wildcards.method in ("GIN", "GCN")
            else f"{RESULTS}/features_graphs/{wildcards.dataset}.npz"
        ),
    output:
        curves=f"{RESULTS}/baselines_graphs/{{dataset}}/{{method}}/seed{{seed}}.json",
        stamps=stamps_of(
            f"{RESULTS}/baselines_graphs/{{dataset}}/{{method}}/seed{{seed}}.json"
        ),
    log:
        f"{LOGS}/baselines_graphs/{{dataset}}/{{method}}/seed{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/baselines_graphs/{{dataset}}/{{method}}/seed{{seed}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=6000,
        runtime=600,
    params:
        epochs=GRAPHS["baseline_epochs"],
        features=lambda wildcards, input: (
            f"--features {shlex.quote(input.features)}" if input.features else ""
        ),
        model=lambda wildcards: settings("graphs", "models", wildcards.dataset),
    shell:
        "python -m qcomm.stages.baselines_graphs --graphs {input.graphs:q} {params.features}"
        " --dataset {wildcards.dataset:q} --method {wildcards.method} --seed {wildcards.seed} --epochs {params.epochs}"
        " --model {params.model:q} --out {output.curves:q} 2> {log:q}"
