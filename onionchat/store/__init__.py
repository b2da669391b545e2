"""The encrypted profile on disk: plain values out, no protocol, no keys but its own."""
