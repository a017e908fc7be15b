"""Switches of a simulator's WS APIs: accounts, and what becomes of answers."""

from collections.abc import Collection

from fastbinance.keys import Environment, WsKey
from fastbinance.sim.api.apis import Apis
from fastbinance.sim.api.faulty import AnswerFault, Kill, methods_of
from fastbinance.sim.trading import API_KEY, SimAccount

__all__ = ["ApiSwitches"]


class ApiSwitches:
    """Accounts and answers of the WS APIs."""

    _apis: Apis

    def add_account(self, account: SimAccount) -> None:
        """Have one more account, in production and on the testnet."""
        self._apis.add_account(account)

    def revoke_key(self, api_key: str) -> int:
        """Let a key in no more; sessions that are logged on with it are told. Gives their number."""
        return self._apis.revoke(api_key)

    def listen_token(
        self, api_key: str = API_KEY, *, symbol: str | None = None, environment: Environment = "prod"
    ) -> str:
        """Give a listen token of an account, which Binance gives out over REST.

        Parameters
        ----------
        symbol
            Of the isolated margin account; without it, it is the cross one.
        """
        return self._apis.listen_token(api_key, environment, symbol)

    def answers(
        self,
        delay: float = 0.0,
        jitter: float = 0.0,
        drop: float = 0.0,
        double: float = 0.0,
        reorder: float = 0.0,
        kill: Kill | None = None,
        status: int | None = None,
        key: WsKey | str | None = None,
        methods: Collection[str] | str | None = None,
        times: int | None = None,
    ) -> None:
        """Have something become of answers; without arguments nothing does any more.

        Parameters
        ----------
        delay, jitter
            Seconds that each answer is late, and up to so many more. One may overtake another.
        drop, double, reorder
            Share of the answers that never come, that come twice, and that come behind the next one.
        kill
            ``"before"`` loses the connection before the request is carried out, ``"after"`` when it is, and
            before its answer.
        status
            From 500 to 599: the request is carried out, and its answer says that nobody knows.
        key
            Only at this service's host.
        methods
            Only of these methods.
        times
            Only of so many requests.
        """
        fault = AnswerFault(delay, jitter, drop, double, reorder, kill, status, methods_of(methods), times)
        self._apis.faults.set(key, fault)
