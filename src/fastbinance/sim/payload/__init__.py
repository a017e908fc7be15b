"""Events as Binance spells them: the JSON payload of each stream, keys in the order of the wire."""

from fastbinance.sim.payload.books import snapshot_body
from fastbinance.sim.payload.spell import event_payload

__all__ = ["event_payload", "snapshot_body"]
