"""Simulate a small distributed model, draw Figure 2 from its circuit object, and export it as OpenQASM."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_settings("--settings", required=True, help="the section `circuit` of the configuration, as json")
    parser.add_output("--out", nargs=3, help="the figure as pdf, png and csv, with one prefix")
    parser.add_output("--svg", help="the figure as svg")
    parser.add_output("--qasm", help="the circuit at the simulated angles as OpenQASM 2")
    parser.add_output("--ledger", help="csv: the messages of the executed run, which the figure shows")
    parser.add_output("--checks", help="csv: name, value, low, high, ok: the simulated expectation beside cirq's")


def run(args) -> None:
    import cirq
    import pandas as pd

    from qcomm.figures.circuit import figure2
    from qcomm.figures.style import save, save_svg, use_style
    from qcomm.files import write_csv, write_text
    from qcomm.protocols.model_run import model_run
    from qcomm.quantum.model import DistributedModel

    chosen = args.settings
    model = DistributedModel(chosen["qubits"], chosen["layers"], chosen["depth"])
    found = model_run(model, chosen["seed"])
    use_style()
    figure, rows = figure2(model.circuit, found.ledger)
    save_svg(figure, args.svg)
    save(figure, args.out[0].with_suffix(""), rows)
    found.ledger.write(args.ledger)
    write_csv(args.checks, pd.DataFrame(found.checks))
    resolved = cirq.resolve_parameters(model.circuit.circuit(measured=True), found.values)
    write_text(args.qasm, resolved.to_qasm(header="A distributed circuit; cirq made this file."))


if __name__ == "__main__":
    execute(__file__, arguments, run)
