"""User data of the simulator: who may hear it, and how it gets there."""
