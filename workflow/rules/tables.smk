"""Tables 1 to 5 and the pictures of the graph experiments."""

TABLES = (
    "table1",
    "table1_others",
    "table2",
    "table3",
    "table4",
    "table5",
    "table5_seeds",
)
TABLE_OUTPUTS = [
    *(file for name in TABLES for file in table_files(name)),
    *figure_files("accuracy"),
    *figure_files("learning_curves"),
]


rule tables:
    input:
        code=code_of("tables"),
        nodes=node_results("json"),
        curves=node_results("csv"),
        graphs=graph_results(),
        statistics=[
            f"{RESULTS}/graphs/{name}.json"
            for name in NODES["datasets"] + GRAPHS["datasets"]
        ],
        tuned=tuned_rows(),
        published="data/published.tsv",
    output:
        files=TABLE_OUTPUTS,
        stamps=stamps_of(*TABLE_OUTPUTS),
    log:
        f"{LOGS}/tables.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        settings=json.dumps(
            {name: config[name] for name in ("run", "nodes", "graphs", "tables")},
            sort_keys=True,
        ),
    shell:
        "python -m qcomm.stages.tables --nodes {input.nodes:q} --node-curves {input.curves:q} --graphs {input.graphs:q}"
        " --tuned {input.tuned:q} --statistics {input.statistics:q} --published {input.published:q} --settings {params.settings:q}"
        " --out {output.files:q} 2> {log:q}"
