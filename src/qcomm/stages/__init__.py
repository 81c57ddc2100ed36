"""Pipeline stages: each module is one command that reads files, calls the library and writes files."""
