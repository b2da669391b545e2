"""Bytes to events and events to bytes: channel, hello, records. No IO, no clock, no asyncio."""
