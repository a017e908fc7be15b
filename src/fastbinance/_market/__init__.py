"""The stream methods of a client, by noun: one mixin each, generic in the rings that its client has."""
