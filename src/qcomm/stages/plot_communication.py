"""Draw communication against N, and write the break-even table."""

from qcomm.stages.frame import StageParser, execute

CAPTION = (
    "Break-even of claim C2: the range of N in which the best quantum protocol sends fewer qubits than the best"
    " classical rival sends bits, both whole, at equal failure probability, all constants included; both costs at its"
    " lower end. Quantum cost: measured (on the ledger of an executed run at this N) or computed. Rival's cost:"
    " measured (bits counted at this N), interpolated between such N, or extrapolated beyond. Noise is the depolarising"
    " probability per transmitted qubit; with noise the quantum cost is that of blocks that scramble. Task subspace:"
    " deciding vector in subspace; task estimate: the loss to eps with probability 1 - delta, L = 1, Bob measures."
    " Rivals' failure rates are sampled from the laws of protocols whose runs on full vectors were compared with them."
)


def arguments(parser: StageParser) -> None:
    parser.add_input("--costs", help="csv of the communication stage")
    parser.add_input("--exponents", help="csv of the communication stage")
    parser.add_input("--break-even", help="csv of the communication stage")
    parser.add_output("--out", nargs=3, help="the figure as pdf, png and csv, with one prefix")
    parser.add_output("--table", nargs=3, help="the break-even table as csv, md and tex, with one prefix")


def run(args) -> None:
    import pandas as pd

    from qcomm.figures.communication import communication
    from qcomm.figures.style import save, use_style
    from qcomm.figures.tables import write_table

    use_style()
    figure, drawn = communication(pd.read_csv(args.costs), pd.read_csv(args.exponents))
    save(figure, args.out[0].with_suffix(""), drawn)
    table = pd.read_csv(args.break_even)
    shown = table.astype(object).where(table.notna(), "")
    write_table(shown, args.table[0].with_suffix(""), CAPTION)


if __name__ == "__main__":
    execute(__file__, arguments, run)
