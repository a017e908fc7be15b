"""What a simulator has done so far."""

from dataclasses import dataclass

__all__ = ["Stats"]


@dataclass(slots=True)
class Stats:
    """Counters since the start. Plain integers, written by the simulator's thread and readable from any."""

    opened: int = 0  #: connections that finished the handshake
    closed: int = 0  #: of these, how many are gone
    refused: int = 0  #: handshakes answered with an HTTP error
    frames_received: int = 0  #: text, ping and pong frames: what the message limit counts
    most_in_a_second: int = 0  #: the most of these that one connection has sent within a second
    control_messages: int = 0  #: SUBSCRIBE and its kin, good or bad
    control_errors: int = 0  #: of these, answered with an error
    requests: int = 0  #: messages to the WS APIs, good or bad
    request_errors: int = 0  #: of these, answered with an error
    rest_requests: int = 0  #: requests of REST, good or bad
    rest_errors: int = 0  #: of these, answered with a status from 400 on
    rest_limited: int = 0  #: of these, with 429
    rest_banned: int = 0  #: of these, with 418
    snapshots: int = 0  #: books given, by REST and the WS APIs
    events: int = 0  #: events of the random markets
    messages_sent: int = (
        0  #: events, replayed and flooded frames times their receivers; answers are not counted
    )
    bytes_sent: int = 0  #: their bytes, frame headers included
    pings_sent: int = 0
    pongs_matched: int = 0  #: pongs with the payload of an open ping
    pongs_unmatched: int = 0  #: all others; they do not keep a connection alive
    closed_for_rate: int = 0  #: closed with 1008 for too many messages
    closed_for_request: int = 0  #: closed with 1008 after a bad request
    closed_for_pong: int = 0  #: closed because no matching pong came in time
    cut_for_backlog: int = 0  #: cut because the peer did not read
