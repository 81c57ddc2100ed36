"""One function per figure or table; each takes data and an axes, draws, and returns the axes."""
