"""Sockets, tasks and clocks: connections, the pool that owns them, and the dispatch of events."""
