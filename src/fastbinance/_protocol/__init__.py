"""Decisions without I/O: told the time and the bytes, they answer with what to send and when to ask again.

Nothing here awaits, reads a clock or opens a socket: every rule is tested without a network or a sleep.
"""
