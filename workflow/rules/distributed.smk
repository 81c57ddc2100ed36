"""Training of a distributed quantum model, traffic counted: claim C4."""

DISTRIBUTED = {
    name: f"{RESULTS}/train_distributed/{name}.{kind}"
    for name, kind in (
        ("curves", "csv"),
        ("accuracies", "csv"),
        ("ledger", "csv"),
        ("weights", "safetensors"),
    )
}


rule train_distributed:
    input:
        code=code_of("train_distributed"),
        features=f"{RESULTS}/features_graphs/{config['distributed']['dataset']}.npz",
    output:
        **DISTRIBUTED,
        stamps=stamps_of(*DISTRIBUTED.values()),
    log:
        f"{LOGS}/train_distributed.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_distributed.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        settings=settings("distributed"),
    shell:
        "python -m qcomm.stages.train_distributed --features {input.features:q} --settings {params.settings:q}"
        " --curves {output.curves:q} --accuracies {output.accuracies:q} --ledger {output.ledger:q}"
        " --weights {output.weights:q} 2> {log:q}"


rule plot_distributed:
    input:
        code=code_of("plot_distributed"),
        curves=rules.train_distributed.output.curves,
        accuracies=rules.train_distributed.output.accuracies,
        ledger=rules.train_distributed.output.ledger,
    output:
        figure=figure_files("distributed"),
        table=table_files("distributed_training"),
        stamps=stamps_of(
            *figure_files("distributed"), *table_files("distributed_training")
        ),
    log:
        f"{LOGS}/plot_distributed.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    shell:
        "python -m qcomm.stages.plot_distributed --curves {input.curves:q} --accuracies {input.accuracies:q}"
        " --ledger {input.ledger:q} --figure {output.figure:q} --table {output.table:q} 2> {log:q}"
