"""The package's blocking client places orders: its socket lives in a thread, and each call waits."""

import time

import fastbinance
from benchmarks._order_common import arguments, cpu_ns, result, secret_of
from benchmarks._order_ours import client_options


def main() -> None:
    """Place orders one after the other."""
    url, mode, keys, depth, warm, count = arguments()
    if depth != 1:
        raise SystemExit("a blocking call has one order in flight")
    with fastbinance.Client(**client_options(url, mode, secret_of(keys, mode))) as client:

        def place_all(prefix: str, count: int) -> int:
            ids = 0
            for n in range(count):
                client_id = f"{prefix}{n}"
                order = client.spot.order_place(
                    symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", price="25000.01",
                    quantity="0.00100000", newClientOrderId=client_id,
                )  # fmt: skip
                if order.client_order_id != client_id:
                    raise RuntimeError(f"the answer for {order.client_order_id} came to {client_id}")
                ids += order.order_id
            return ids

        place_all("fb-w", warm)
        cpu, wall = cpu_ns(), time.perf_counter_ns()
        ids = place_all("fb-", count)
        cpu, wall = cpu_ns() - cpu, time.perf_counter_ns() - wall
    print(result(count, cpu, wall, ids, "picows", "msgspec", "cryptography"), flush=True)


if __name__ == "__main__":
    main()
