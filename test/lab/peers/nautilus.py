"""Fills of simple strategies by NautilusTrader's backtest engine. JSON in the file named, JSON out.

In: {"sessions": {name: {"file", "symbol", "base", "priceDecimals", "sizeDecimals"}}, "cases": [...]}, where a file has the lines
`time_ns bid bid_size ask ask_size`. Out: for each case its fills in order, as
[time_ns, order, side, price, quantity, commission, liquidity], numbers as decimal text, and the end balance.
"""
import json
import sys
from decimal import Decimal

from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.backtest.models import LatencyModel
from nautilus_trader.config import BacktestEngineConfig, LoggingConfig, RiskEngineConfig
from nautilus_trader.model.currencies import Currency
from nautilus_trader.model.data import QuoteTick
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide, TimeInForce
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TraderId, Venue
from nautilus_trader.model.instruments import CurrencyPair
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

VENUE = Venue("BINANCE")
QUOTED = "USDT"


def instrument_of(symbol, base, priceDecimals, sizeDecimals, maker, taker, **_):
    step = lambda decimals: str(Decimal(1).scaleb(-decimals))
    return CurrencyPair(
        instrument_id=InstrumentId(Symbol(symbol), VENUE),
        raw_symbol=Symbol(symbol),
        base_currency=Currency.from_str(base),
        quote_currency=Currency.from_str(QUOTED),
        price_precision=priceDecimals,
        size_precision=sizeDecimals,
        price_increment=Price.from_str(step(priceDecimals)),
        size_increment=Quantity.from_str(step(sizeDecimals)),
        maker_fee=Decimal(maker),
        taker_fee=Decimal(taker),
        ts_event=0,
        ts_init=0,
    )


def quotes_of(file, instrument):
    quotes = []
    for line in open(file):
        time, bid, bid_size, ask, ask_size = line.split()
        sides = Price.from_str(bid), Price.from_str(ask), Quantity.from_str(bid_size), Quantity.from_str(ask_size)
        quotes.append(QuoteTick(instrument.id, *sides, int(time), int(time)))
    return quotes


class Simple(Strategy):
    """The same as `simple` in simple-strategies.ts, line by line."""

    def __init__(self, case, instrument):
        super().__init__()
        self.case, self.instrument = case, instrument
        self.seen = self.sent = self.last_sent = 0
        self.orders, self.fills = [], []

    def on_start(self):
        self.subscribe_quote_ticks(self.instrument.id)

    def on_quote_tick(self, quote):
        self.seen += 1
        case, kind = self.case, self.case["kind"]
        if kind == "imbalance":
            if self.seen - self.last_sent < case["every"]:
                return
            bid, ask = float(quote.bid_size), float(quote.ask_size)
            if self.sent % 2 == 0 and bid > case["threshold"] * ask:
                self.send(1, None)
            elif self.sent % 2 == 1 and ask > case["threshold"] * bid:
                self.send(-1, None)
            return
        if "cancelAfter" in case and self.seen % case["every"] == case["cancelAfter"] and self.orders:
            if not self.orders[-1].is_closed:
                self.cancel_order(self.orders[-1])
        if self.seen % case["every"] != 0:
            return
        direction = 1 if self.sent % 2 == 0 else -1
        if kind == "market":
            self.send(direction, None)
            return
        rests = kind == "rest"
        best = quote.bid_price if (direction == 1) == rests else quote.ask_price
        self.send(direction, best.as_decimal() + direction * case["ticks"] * self.instrument.price_increment.as_decimal())

    def send(self, direction, limit):
        self.sent += 1
        self.last_sent = self.seen
        side = OrderSide.BUY if direction == 1 else OrderSide.SELL
        quantity = self.instrument.make_qty(Decimal(self.case["quantity"]))
        if limit is None:
            order = self.order_factory.market(self.instrument.id, side, quantity)
        else:
            force = TimeInForce.IOC if self.case["kind"] == "ioc" else TimeInForce.GTC
            price = Price(limit, self.instrument.price_precision)
            order = self.order_factory.limit(self.instrument.id, side, quantity, price, time_in_force=force)
        self.orders.append(order)
        self.submit_order(order)

    def on_order_rejected(self, event):
        raise SystemExit(str(event))

    def on_order_denied(self, event):
        raise SystemExit(str(event))

    def on_order_filled(self, event):
        buys = event.order_side == OrderSide.BUY
        number = 1 + next(at for at in reversed(range(len(self.orders))) if self.orders[at].client_order_id == event.client_order_id)
        money = str(event.commission.as_decimal())
        fill = [str(event.ts_event), number, "buy" if buys else "sell", str(event.last_px), str(event.last_qty), money]
        self.fills.append([*fill, "maker" if event.liquidity_side == 1 else "taker"])


def run(case, session, quotes):
    instrument = instrument_of(**session, **case["fees"])
    engine = BacktestEngine(
        BacktestEngineConfig(
            trader_id=TraderId("PEER-001"),
            logging=LoggingConfig(bypass_logging=True),
            risk_engine=RiskEngineConfig(bypass=True),
            run_analysis=False,
        )
    )
    cash = case["account"] == "cash"
    money = Money(Decimal(case["capital"]), Currency.from_str(QUOTED))
    engine.add_venue(
        venue=VENUE,
        oms_type=OmsType.NETTING,
        account_type=AccountType.CASH if cash else AccountType.MARGIN,
        base_currency=None,
        # A cash account sells only what it has.
        starting_balances=[money, Money(100_000, instrument.base_currency)] if cash else [money],
        latency_model=LatencyModel(base_latency_nanos=case["latencyMs"] * 1_000_000),
    )
    engine.add_instrument(instrument)
    engine.add_data(quotes)
    strategy = Simple(case, instrument)
    engine.add_strategy(strategy)
    engine.run()
    balance = engine.cache.account_for_venue(VENUE).balance_total(Currency.from_str(QUOTED))
    found = {"fills": strategy.fills, "sent": strategy.sent, "balance": str(balance.as_decimal())}
    engine.dispose()
    return found


asked = json.load(open(sys.argv[1]))
read = {}
for name, session in asked["sessions"].items():
    read[name] = quotes_of(session["file"], instrument_of(**session, maker="0", taker="0"))
print(json.dumps([run(case, asked["sessions"][case["session"]], read[case["session"]]) for case in asked["cases"]]))
