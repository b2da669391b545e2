"""Keys, handshake, ratchet and vault: values in, values out. No IO, no clock, no asyncio."""
