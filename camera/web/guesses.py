"""Who guesses tokens: an address that shows many wrong ones has to wait, and is named in one line."""

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

# What a wrong token costs its address, and how much may be owed before no more are looked at: people may mistype, and
# four digits take half a day on the average.
COST_SECONDS = 10.0
CREDIT_SECONDS = 20 * COST_SECONDS
# Addresses that are remembered.
MAX_OWNERS = 1000

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Debt:
    until: float
    last: int = 0
    noted: bool = False


@dataclass(slots=True)
class Guesses:
    """The wrong tokens of late; each address that goes on guessing is logged once."""

    _debts: dict[str, _Debt] = field(default_factory=dict)

    def wait_seconds(self, owner: str) -> float:
        """How long it is before a token from this address is looked at again; 0 where it is looked at now."""
        debt = self._debts.get(owner)
        return max(debt.until - CREDIT_SECONDS - time.monotonic(), 0.0) if debt else 0.0

    def wrong(self, owner: str, secrets: Iterable[str]) -> None:
        """Count wrong secrets of one request; the same as in the last one, such as an old cookie, are no new guess."""
        shown, now = list(secrets), time.monotonic()
        self._debts = {name: debt for name, debt in self._debts.items() if debt.until > now}
        debt = self._debts.pop(owner, None) or _Debt(now)
        if len(self._debts) >= MAX_OWNERS:
            del self._debts[min(self._debts, key=lambda name: self._debts[name].until)]
        self._debts[owner] = debt
        if debt.last != hash(tuple(shown)):
            debt.last = hash(tuple(shown))
            debt.until += COST_SECONDS * len(shown)
        if self.wait_seconds(owner) and not debt.noted:
            debt.noted = True
            logger.warning(
                "many wrong tokens for the web page come from %s; from there only one in %.0f s is looked at",
                owner,
                COST_SECONDS,
            )
