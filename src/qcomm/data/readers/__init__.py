"""One small module per raw format; each turns the members of a bundle into a `Graph` or a `GraphSet`."""
