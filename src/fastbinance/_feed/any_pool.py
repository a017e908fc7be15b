"""What a client calls: a pool of this process, or what stands for one in another."""

from typing import TypeAlias

from fastbinance._feed.attached_pool import AttachedPool
from fastbinance._feed.remote_pool import RemotePool
from fastbinance._io.pool import Pool

__all__ = ["AnyPool"]

AnyPool: TypeAlias = Pool | RemotePool | AttachedPool
