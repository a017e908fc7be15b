"""The feed in a process of its own: what the client has in its place, and what runs over there.

::

    client's process                              feed's process
    RemotePool  <-- Channel: one ordered stream each way --> Host: a Pool on a loop of its own
    Segment, Ring (reads) <------- shared memory ----------> Segment, RingBase (writes)
    SharedBell  <--------------- one shared page ----------> SharedBell
"""
