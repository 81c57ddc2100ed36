"""Linear classification, expressivity and privacy: claims C9, C8 and C10."""

LINEAR = {
    name: f"{RESULTS}/linear/{name}.csv"
    for name in ("costs", "constants", "slopes", "checks")
}
LINEAR_DATA = {
    name: f"{RESULTS}/linear_data/{name}.csv"
    for name in ("margins", "classifiers", "needs", "slopes", "checks")
}
EXPRESSIVITY = ("ranks", "growth", "fits", "checks")

RESULT_CHECKS.append(LINEAR["checks"])
RESULT_CHECKS.append(LINEAR_DATA["checks"])
RESULT_CHECKS.append(f"{RESULTS}/expressivity/checks.csv")
RESULT_CHECKS.append(f"{RESULTS}/privacy/checks.csv")


rule linear:
    input:
        code=code_of("linear"),
    output:
        **LINEAR,
        stamps=stamps_of(*LINEAR.values()),
    log:
        f"{LOGS}/linear.log",
    benchmark:
        f"{RESULTS}/benchmarks/linear.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        settings=settings("linear"),
    shell:
        "python -m qcomm.stages.linear --settings {params.settings:q} --costs {output.costs:q}"
        " --constants {output.constants:q} --slopes {output.slopes:q} --checks {output.checks:q} 2> {log:q}"


rule linear_data:
    input:
        code=code_of("linear_data"),
        graphs=[
            f"{RESULTS}/graphs/{dataset}.npz"
            for dataset in config["linear"]["datasets"]
        ],
    output:
        **LINEAR_DATA,
        stamps=stamps_of(*LINEAR_DATA.values()),
    log:
        f"{LOGS}/linear_data.log",
    benchmark:
        f"{RESULTS}/benchmarks/linear_data.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        settings=settings("linear"),
    shell:
        "python -m qcomm.stages.linear_data --graphs {input.graphs:q} --settings {params.settings:q}"
        " --margins {output.margins:q} --classifiers {output.classifiers:q} --needs {output.needs:q}"
        " --slopes {output.slopes:q} --checks {output.checks:q} 2> {log:q}"


rule expressivity:
    input:
        code=code_of("expressivity"),
    output:
        **{name: f"{RESULTS}/expressivity/{name}.csv" for name in EXPRESSIVITY},
        stamps=stamps_of(
            *(f"{RESULTS}/expressivity/{name}.csv" for name in EXPRESSIVITY)
        ),
    log:
        f"{LOGS}/expressivity.log",
    benchmark:
        f"{RESULTS}/benchmarks/expressivity.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        settings=settings("expressivity"),
    shell:
        "python -m qcomm.stages.expressivity --settings {params.settings:q}"
        " --ranks {output.ranks:q} --growth {output.growth:q} --fits {output.fits:q}"
        " --checks {output.checks:q} 2> {log:q}"


rule privacy:
    input:
        code=code_of("privacy"),
        graphs=[
            f"{RESULTS}/graphs/{dataset}.npz"
            for dataset in config["privacy"]["datasets"]
        ],
    output:
        table=f"{RESULTS}/privacy/privacy.csv",
        checks=f"{RESULTS}/privacy/checks.csv",
        stamps=stamps_of(
            f"{RESULTS}/privacy/privacy.csv", f"{RESULTS}/privacy/checks.csv"
        ),
    log:
        f"{LOGS}/privacy.log",
    benchmark:
        f"{RESULTS}/benchmarks/privacy.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        settings=settings("privacy"),
    shell:
        "python -m qcomm.stages.privacy --graphs {input.graphs:q} --settings {params.settings:q}"
        " --out {output.table:q} --checks {output.checks:q} 2> {log:q}"


rule plot_linear:
    input:
        code=code_of("plot_linear"),
        costs=rules.linear.output.costs,
        slopes=[rules.linear.output.slopes, rules.linear_data.output.slopes],
        classifiers=rules.linear_data.output.classifiers,
        needs=rules.linear_data.output.needs,
        subspace=f"{RESULTS}/communication/subspace.csv",
    output:
        figure=figure_files("linear"),
        table=table_files("linear_break_even"),
        stamps=stamps_of(*figure_files("linear"), *table_files("linear_break_even")),
    log:
        f"{LOGS}/plot_linear.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        dimension=config["linear"]["dimension"],
        gamma=config["linear"]["gamma"],
    shell:
        "python -m qcomm.stages.plot_linear --dimension {params.dimension} --gamma {params.gamma}"
        " --costs {input.costs:q} --slopes {input.slopes:q}"
        " --classifiers {input.classifiers:q} --needs {input.needs:q} --subspace {input.subspace:q}"
        " --out {output.figure:q} --table {output.table:q} 2> {log:q}"


rule plot_expressivity:
    input:
        code=code_of("plot_expressivity"),
        ranks=rules.expressivity.output.ranks,
        growth=rules.expressivity.output.growth,
        fits=rules.expressivity.output.fits,
    output:
        figure=figure_files("expressivity"),
        stamps=stamps_of(*figure_files("expressivity")),
    log:
        f"{LOGS}/plot_expressivity.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    shell:
        "python -m qcomm.stages.plot_expressivity --ranks {input.ranks:q} --growth {input.growth:q}"
        " --fits {input.fits:q} --out {output.figure:q} 2> {log:q}"


rule plot_privacy:
    input:
        code=code_of("plot_privacy"),
        table=rules.privacy.output.table,
    output:
        figure=figure_files("privacy"),
        stamps=stamps_of(*figure_files("privacy")),
    log:
        f"{LOGS}/plot_privacy.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        copies=config["privacy"]["data"]["width_copies"],
    shell:
        "python -m qcomm.stages.plot_privacy --table {input.table:q} --copies {params.copies}"
        " --out {output.figure:q} 2> {log:q}"


rule theory:
    input:
        rules.plot_linear.output,
        rules.plot_expressivity.output,
        rules.plot_privacy.output,
