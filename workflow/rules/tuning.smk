"""Beyond the paper: the polynomial graph network with hyper-parameters chosen per set on one inner fold."""

TUNED = TRAINED.replace("{method}/{protocol}", "SIGN-poly-tuned/honest")


rule tune_graphs:
    input:
        code=code_of("tune_graphs"),
        graphs=f"{RESULTS}/graphs/{{dataset}}.npz",
    output:
        row=f"{RESULTS}/tune_graphs/{{dataset}}.json",
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
        mem_mb=lambda wildcards: 12000 if wildcards.dataset in LARGE_SETS else 3000,
        runtime=600,
    params:
        epochs=tuning_epochs,
        row=lambda wildcards: settings("graphs", "models", wildcards.dataset),
    shell:
        "python -m qcomm.stages.tune_graphs --graphs {input.graphs:q} --dataset {wildcards.dataset:q}"
        " --epochs {params.epochs} --model {params.row:q} --out {output.row:q} --scores {output.scores:q} 2> {log:q}"


use rule features_graphs as features_tuned with:
    input:
        code=code_of("features_graphs"),
        graphs=f"{RESULTS}/graphs/{{dataset}}.npz",
        row=rules.tune_graphs.output.row,
    output:
        multiext(f"{RESULTS}/features_tuned/{{dataset}}.npz", "", ".stamp.json"),
    log:
        f"{LOGS}/features_tuned/{{dataset}}.log",
    params:
        row=lambda wildcards, input: f"--tuned {shlex.quote(input.row)}",
        out=lambda wildcards, output: output[0],


ruleorder: train_tuned > train_graphs


use rule train_graphs as train_tuned with:
    input:
        code=code_of("train_graphs"),
        features=rules.features_tuned.output[0],
        row=rules.tune_graphs.output.row,
    output:
        curves=f"{TUNED}.json",
        weights=f"{TUNED}.safetensors",
        stamps=stamps_of(f"{TUNED}.json", f"{TUNED}.safetensors"),
    log:
        f"{LOGS}/train_tuned/{{dataset}}/seed{{seed}}/folds{{first}}-{{last}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_tuned/{{dataset}}/seed{{seed}}/folds{{first}}-{{last}}.tsv"
    params:
        epochs=graph_epochs,
        folds=folds_of,
        row=lambda wildcards, input: f"--tuned {shlex.quote(input.row)}",
        method="SIGN-poly-tuned",
        protocol="honest",
