"""The command line: a thin face over JSON-RPC."""
