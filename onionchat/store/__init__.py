"""The encrypted profile on disk: returns plain values, knows no protocol and no keys but its own."""
