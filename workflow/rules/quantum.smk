"""Figure 2: the circuit of a distributed model, simulated and drawn."""

RESULT_CHECKS.append(f"{RESULTS}/plot_circuit/checks.csv")
CIRCUIT_TABLES = {
    name: f"{RESULTS}/plot_circuit/{name}.csv" for name in ("ledger", "checks")
}


rule plot_circuit:
    input:
        code=code_of("plot_circuit"),
    output:
        **CIRCUIT_TABLES,
        figure=figure_files("fig2"),
        svg=f"{FIGURES}/fig2.svg",
        qasm=f"{FIGURES}/fig2.qasm",
        stamps=stamps_of(
            *figure_files("fig2"),
            f"{FIGURES}/fig2.svg",
            f"{FIGURES}/fig2.qasm",
            *CIRCUIT_TABLES.values(),
        ),
    log:
        f"{LOGS}/plot_circuit.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        settings=settings("circuit"),
    shell:
        "python -m qcomm.stages.plot_circuit --settings {params.settings:q} --out {output.figure:q}"
        " --svg {output.svg:q} --qasm {output.qasm:q} --ledger {output.ledger:q} --checks {output.checks:q}"
        " 2> {log:q}"
