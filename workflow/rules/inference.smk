"""Distributed inference, communication against N, noise and rounds: claims C1 and C2, and Fig 1."""

INFERENCE = (
    "sampling",
    "amplitude",
    "parameters",
    "ledgers",
    "failures",
    "slopes",
    "checks",
)
COMMUNICATION = ("costs", "exponents", "break_even", "subspace", "checks")
RESULT_CHECKS.extend(
    f"{RESULTS}/{name}.csv"
    for name in (
        "inference/checks",
        "communication/checks",
        "communication/noise_checks",
    )
)


rule inference:
    input:
        code=code_of("inference"),
    output:
        **{name: f"{RESULTS}/inference/{name}.csv" for name in INFERENCE},
        stamps=stamps_of(*(f"{RESULTS}/inference/{name}.csv" for name in INFERENCE)),
    log:
        f"{LOGS}/inference.log",
    benchmark:
        f"{RESULTS}/benchmarks/inference.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        settings=settings("inference"),
    shell:
        "python -m qcomm.stages.inference --settings {params.settings:q}"
        " --sampling {output.sampling:q} --amplitude {output.amplitude:q} --parameters {output.parameters:q}"
        " --ledgers {output.ledgers:q} --failures {output.failures:q} --slopes {output.slopes:q}"
        " --checks {output.checks:q} 2> {log:q}"


rule communication:
    input:
        code=code_of("communication"),
    output:
        **{name: f"{RESULTS}/communication/{name}.csv" for name in COMMUNICATION},
        stamps=stamps_of(
            *(f"{RESULTS}/communication/{name}.csv" for name in COMMUNICATION)
        ),
    log:
        f"{LOGS}/communication.log",
    benchmark:
        f"{RESULTS}/benchmarks/communication.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        settings=settings("communication"),
    shell:
        "python -m qcomm.stages.communication --settings {params.settings:q}"
        " --costs {output.costs:q} --exponents {output.exponents:q} --break-even {output.break_even:q}"
        " --subspace {output.subspace:q} --checks {output.checks:q} 2> {log:q}"


rule noise:
    input:
        code=code_of("noise"),
        costs=rules.communication.output.costs,
    output:
        table=f"{RESULTS}/communication/noise.csv",
        checks=f"{RESULTS}/communication/noise_checks.csv",
        stamps=stamps_of(
            f"{RESULTS}/communication/noise.csv",
            f"{RESULTS}/communication/noise_checks.csv",
        ),
    log:
        f"{LOGS}/noise.log",
    benchmark:
        f"{RESULTS}/benchmarks/noise.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        settings=settings("communication", "noise"),
        target=config["communication"]["target"],
    shell:
        "python -m qcomm.stages.noise --costs {input.costs:q} --settings {params.settings:q}"
        " --target {params.target} --out {output.table:q} --checks {output.checks:q} 2> {log:q}"


rule pointer:
    input:
        code=code_of("pointer"),
    output:
        table=f"{RESULTS}/communication/pointer.csv",
        stamps=stamps_of(f"{RESULTS}/communication/pointer.csv"),
    log:
        f"{LOGS}/pointer.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        settings=settings("communication", "pointer"),
    shell:
        "python -m qcomm.stages.pointer --settings {params.settings:q} --out {output.table:q} 2> {log:q}"


rule plot_inference:
    input:
        code=code_of("plot_inference"),
        sampling=rules.inference.output.sampling,
        amplitude=rules.inference.output.amplitude,
        parameters=rules.inference.output.parameters,
        failures=rules.inference.output.failures,
        slopes=rules.inference.output.slopes,
    output:
        figure=figure_files("inference"),
        stamps=stamps_of(*figure_files("inference")),
    log:
        f"{LOGS}/plot_inference.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    shell:
        "python -m qcomm.stages.plot_inference --sampling {input.sampling:q} --amplitude {input.amplitude:q}"
        " --parameters {input.parameters:q} --failures {input.failures:q} --slopes {input.slopes:q}"
        " --out {output.figure:q} 2> {log:q}"


rule plot_communication:
    input:
        code=code_of("plot_communication"),
        costs=rules.communication.output.costs,
        exponents=rules.communication.output.exponents,
        break_even=rules.communication.output.break_even,
    output:
        figure=figure_files("communication"),
        table=table_files("communication_break_even"),
        stamps=stamps_of(
            *figure_files("communication"), *table_files("communication_break_even")
        ),
    log:
        f"{LOGS}/plot_communication.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    shell:
        "python -m qcomm.stages.plot_communication --costs {input.costs:q} --exponents {input.exponents:q}"
        " --break-even {input.break_even:q} --out {output.figure:q} --table {output.table:q} 2> {log:q}"


rule plot_noise:
    input:
        code=code_of("plot_noise"),
        table=rules.noise.output.table,
    output:
        figure=figure_files("noise"),
        stamps=stamps_of(*figure_files("noise")),
    log:
        f"{LOGS}/plot_noise.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    shell:
        "python -m qcomm.stages.plot_noise --table {input.table:q} --out {output.figure:q} 2> {log:q}"


rule plot_pointer:
    input:
        code=code_of("plot_pointer"),
        table=rules.pointer.output.table,
    output:
        figure=figure_files("pointer"),
        stamps=stamps_of(*figure_files("pointer")),
    log:
        f"{LOGS}/plot_pointer.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    shell:
        "python -m qcomm.stages.plot_pointer --table {input.table:q} --out {output.figure:q} 2> {log:q}"


rule plot_fig1:
    input:
        code=code_of("plot_fig1"),
    output:
        figure=figure_files("fig1"),
        stamps=stamps_of(*figure_files("fig1")),
    log:
        f"{LOGS}/plot_fig1.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    shell:
        "python -m qcomm.stages.plot_fig1 --out {output.figure:q} 2> {log:q}"


rule inference_figures:
    input:
        rules.plot_inference.output,
        rules.plot_communication.output,
        rules.plot_noise.output,
        rules.plot_pointer.output,
        rules.plot_fig1.output,
