"""Distributed protocols over the counted channel: quantum ones and their classical rivals behind one interface."""
