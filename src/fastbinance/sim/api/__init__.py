"""The WebSocket API of the simulator: requests in, one answer each."""
