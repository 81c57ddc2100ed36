"""Beyond the paper: the polynomial graph network with hyper-parameters chosen per set on one inner fold."""

TUNED = f"{RESULTS}/train_graphs/{{dataset}}/SIGN-poly-tuned/honest/seed{{seed}}/folds{{first}}-{{last}}"


def tuned_results():
    """Result files of the tuned model; what the tables need besides graph_results()."""
    return [
        f"{RESULTS}/train_graphs/{dataset}/SIGN-poly-tuned/honest/seed{seed}/{folds}.json"
        for dataset in GRAPHS["datasets"]
        for seed in graph_seeds(dataset, "honest")
        for folds in fold_jobs()
    ]


rule tune_graphs:
    input:
        code=code_of("tune_graphs"),
        features=f"{RESULTS}/features_graphs/{{dataset}}.npz",
    output:
        model=f"{RESULTS}/tune_graphs/{{dataset}}.json",
        scores=f"{RESULTS}/tune_graphs/{{dataset}}.csv",
        stamps=stamps_of(
            *(f"{RESULTS}/tune_graphs/{{dataset}}.{kind}" for kind in ("json", "csv"))
        ),
    log:
        f"{LOGS}/tune_graphs/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/tune_graphs/{{dataset}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=600,
    params:
        epochs=GRAPHS["epochs"],
        model=lambda wildcards: settings("graphs", "models", wildcards.dataset),
    shell:
        "python -m qcomm.stages.tune_graphs --features {input.features:q} --dataset {wildcards.dataset:q}"
        " --epochs {params.epochs} --model {params.model:q} --out {output.model:q} --scores {output.scores:q}"
        " > {log:q} 2>&1"


ruleorder: train_tuned > train_graphs


rule train_tuned:
    input:
        code=code_of("train_graphs"),
        features=f"{RESULTS}/features_graphs/{{dataset}}.npz",
        model=rules.tune_graphs.output.model,
    output:
        curves=f"{TUNED}.json",
        weights=f"{TUNED}.safetensors",
        stamps=stamps_of(f"{TUNED}.json", f"{TUNED}.safetensors"),
    log:
        f"{LOGS}/train_graphs/{{dataset}}/SIGN-poly-tuned/honest/seed{{seed}}/folds{{first}}-{{last}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_graphs/{{dataset}}/SIGN-poly-tuned/honest/seed{{seed}}/folds{{first}}-{{last}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=600,
    params:
        epochs=GRAPHS["epochs"],
        folds=folds_of,
    shell:
        "python -m qcomm.stages.train_graphs --features {input.features:q} --dataset {wildcards.dataset:q}"
        " --method SIGN-poly-tuned --protocol honest --seed {wildcards.seed} --folds {params.folds}"
        ' --epochs {params.epochs} --model "$(cat {input.model:q})" --out {output.curves:q}'
        " --weights {output.weights:q} 2> {log:q}"
