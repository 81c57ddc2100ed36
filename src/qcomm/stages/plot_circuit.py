"""Draw Figure 2 from the circuit that is simulated, and export it as OpenQASM."""

from qcomm.stages.frame import StageParser, execute


def arguments(parser: StageParser) -> None:
    parser.add_settings("--settings", required=True, help="the section `circuit` of the configuration, as json")
    parser.add_argument("--seed", type=int, default=0, help="of the angles in the OpenQASM file")
    parser.add_output("--out", nargs=3, help="the figure as pdf, png and csv, with one prefix")
    parser.add_output("--svg", help="the figure as svg")
    parser.add_output("--qasm", help="the circuit with random angles as OpenQASM 2")


def run(args) -> None:
    import cirq
    import numpy as np

    from qcomm.figures.circuit import figure2
    from qcomm.figures.style import save, save_svg, use_style
    from qcomm.files import write_text
    from qcomm.quantum.circuits import distributed_circuit
    from qcomm.seeds import generator

    chosen = args.settings
    circuit = distributed_circuit(chosen["qubits"], chosen["layers"], chosen["depth"])
    use_style()
    figure, rows = figure2(circuit)
    save_svg(figure, args.svg)
    save(figure, args.out[0].with_suffix(""), rows)
    whole = circuit.circuit(measured=True)
    names = sorted(cirq.parameter_names(whole))
    angles = generator("circuit angles", args.seed).uniform(-np.pi, np.pi, len(names))
    resolved = cirq.resolve_parameters(whole, dict(zip(names, angles, strict=True)))
    write_text(args.qasm, resolved.to_qasm(header="A distributed circuit; cirq made this file."))


if __name__ == "__main__":
    execute(__file__, arguments, run)
