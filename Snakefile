"""Every figure and table of the paper, from raw data. Rules live in workflow/rules/, one file per topic."""

from snakemake.utils import min_version

min_version("9.27")


configfile: "config/hyperparameters.yaml"
configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/features.smk"
include: "workflow/rules/nodes.smk"
include: "workflow/rules/graph_training.smk"
include: "workflow/rules/tuning.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/inference.smk"
include: "workflow/rules/theory.smk"
include: "workflow/rules/quantum.smk"
include: "workflow/rules/distributed.smk"
include: "workflow/rules/checks.smk"


rule all:
    default_target: True
    input:
        rules.tables.output.files,
        rules.inference_figures.input,
        rules.theory.input,
        rules.plot_circuit.output,
        rules.plot_distributed.output,
        rules.check_results.output,
