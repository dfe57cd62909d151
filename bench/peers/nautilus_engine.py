"""Quotes played to a strategy by NautilusTrader's backtest engine. Prints one JSON line: quotes, fills, seconds and CPU seconds.

Arguments: number of quotes, and every how many quotes a market order is sent (0: none). The quotes are those of ../benches/lab.ts.
"""
import json
import sys
import time
from decimal import Decimal

from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import BacktestEngineConfig, LoggingConfig, RiskEngineConfig
from nautilus_trader.model.currencies import Currency
from nautilus_trader.model.data import QuoteTick
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TraderId, Venue
from nautilus_trader.model.instruments import CurrencyPair
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

VENUE = Venue("TEST")
START_NS = 1_795_000_000_000_000_000
APART_NS = 10_000_000

count, every = int(sys.argv[1]), int(sys.argv[2])
usdt, btc = Currency.from_str("USDT"), Currency.from_str("BTC")
instrument = CurrencyPair(
    instrument_id=InstrumentId(Symbol("BTC"), VENUE),
    raw_symbol=Symbol("BTC"),
    base_currency=btc,
    quote_currency=usdt,
    price_precision=2,
    size_precision=3,
    price_increment=Price.from_str("0.01"),
    size_increment=Quantity.from_str("0.001"),
    maker_fee=Decimal("0.0002"),
    taker_fee=Decimal("0.0005"),
    ts_event=0,
    ts_init=0,
)


class Trader(Strategy):
    """Counts the quotes; buys and sells by turns."""

    seen = sent = filled = 0

    def on_start(self):
        self.subscribe_quote_ticks(instrument.id)

    def on_quote_tick(self, quote):
        self.seen += 1
        if every == 0 or self.seen % every != 0:
            return
        side = OrderSide.BUY if self.sent % 2 == 0 else OrderSide.SELL
        self.sent += 1
        self.submit_order(self.order_factory.market(instrument.id, side, Quantity.from_str("0.100")))

    def on_order_filled(self, event):
        self.filled += 1


size = Quantity.from_str("1.000")
quotes = []
for at in range(count):
    bid = 6_000_000 + (at * 7_919) % 2_000
    bid_price, ask_price = Price.from_str(f"{bid / 100:.2f}"), Price.from_str(f"{(bid + 1) / 100:.2f}")
    time_ns = START_NS + at * APART_NS
    quotes.append(QuoteTick(instrument.id, bid_price, ask_price, size, size, time_ns, time_ns))
engine = BacktestEngine(
    BacktestEngineConfig(
        trader_id=TraderId("BENCH-001"),
        logging=LoggingConfig(bypass_logging=True),
        risk_engine=RiskEngineConfig(bypass=True),
        run_analysis=False,
    )
)
engine.add_venue(
    venue=VENUE,
    oms_type=OmsType.NETTING,
    account_type=AccountType.MARGIN,
    base_currency=None,
    starting_balances=[Money(100_000_000, usdt)],
)
engine.add_instrument(instrument)
engine.add_data(quotes)
strategy = Trader()
engine.add_strategy(strategy)
started, cpu = time.perf_counter(), time.process_time()
engine.run()
taken = {"seconds": time.perf_counter() - started, "cpuSeconds": time.process_time() - cpu}
print(json.dumps({"quotes": strategy.seen, "fills": strategy.filled, **taken}))
