"""What results must fulfil: every table of checks in RESULT_CHECKS is read, and a failed one stops the workflow."""


rule check_results:
    input:
        code=code_of("check_results"),
        checks=RESULT_CHECKS,
    output:
        table=f"{RESULTS}/checks.csv",
        stamps=stamps_of(f"{RESULTS}/checks.csv"),
    log:
        f"{LOGS}/check_results.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    shell:
        "python -m qcomm.stages.check_results --checks {input.checks:q} --out {output.table:q} 2> {log:q}"
