"""Graph classification: the paper's networks fold by fold, and the baselines."""

GRAPHS = config["graphs"]
for name in GRAPHS["datasets"]:
    if name not in GRAPHS["models"]:
        raise WorkflowError(
            f"config key graphs.datasets: no hyper-parameters for {name!r}; add graphs.models.{name}"
        )


def fold_jobs():
    """Names of fold ranges: folds0-4, folds5-9, .."""
    size = GRAPHS["folds_per_job"]
    return [f"folds{start}-{start + size - 1}" for start in range(0, 10, size)]


def folds_of(wildcards):
    return list(range(int(wildcards.first), int(wildcards.last) + 1))


def graph_seeds(dataset, protocol):
    """The table's seed; under the GIN rule those of graphs.seeds where they are given."""
    table_seed = [GRAPHS["models"][dataset]["seed"]]
    return GRAPHS["seeds"].get(dataset, table_seed) if protocol == "gin" else table_seed


def graph_results():
    """Result files of every graph network and baseline in the configuration."""
    networks = [
        f"{RESULTS}/train_graphs/{dataset}/{method}/{protocol}/seed{seed}/{folds}.json"
        for dataset in GRAPHS["datasets"]
        for protocol in ("gin", "honest")
        for method in GRAPHS[protocol]
        for seed in graph_seeds(dataset, protocol)
        for folds in fold_jobs()
    ]
    baselines = [
        f"{RESULTS}/baselines_graphs/{dataset}/{method}/seed{GRAPHS['models'][dataset]['seed']}.json"
        for dataset in GRAPHS["datasets"]
        for method in GRAPHS["baselines"]
    ]
    return networks + baselines


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
        mem_mb=lambda wildcards: (
            12000
            if wildcards.dataset in ("COLLAB", "REDDIT-B", "REDDIT-M5K")
            else 3000
        ),
        runtime=600,
    params:
        epochs=GRAPHS["epochs"],
        folds=folds_of,
        model=lambda wildcards: settings("graphs", "models", wildcards.dataset),
    shell:
        "python -m qcomm.stages.train_graphs --features {input.features:q} --dataset {wildcards.dataset:q}"
        " --method {wildcards.method} --protocol {wildcards.protocol} --seed {wildcards.seed} --folds {params.folds}"
        " --epochs {params.epochs} --model {params.model:q} --out {output.curves:q} --weights {output.weights:q} 2> {log:q}"


rule baselines_graphs:
    input:
        code=code_of("baselines_graphs"),
        graphs=f"{RESULTS}/graphs/{{dataset}}.npz",
        features=f"{RESULTS}/features_graphs/{{dataset}}.npz",
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
        model=lambda wildcards: settings("graphs", "models", wildcards.dataset),
    shell:
        "python -m qcomm.stages.baselines_graphs --graphs {input.graphs:q} --features {input.features:q}"
        " --dataset {wildcards.dataset:q} --method {wildcards.method} --seed {wildcards.seed} --epochs {params.epochs}"
        " --model {params.model:q} --out {output.curves:q} 2> {log:q}"
