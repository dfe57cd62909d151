"""Fills of simple strategies by NautilusTrader's backtest engine. JSON in the file named, JSON out.

In: {"sessions": {name: {"file", "symbol", "base", "kind", "size", "ticks", "priceDecimals", "sizeDecimals"}}, "cases": [...]}, where kind
is spot, linear or inverse, and a file has the lines `time_ns bid bid_size ask ask_size` for the ticks quotes, `time_ns price size side` for trades. Out: for each case its fills in order, as
[time_ns, order, side, price, quantity, commission, liquidity], numbers as decimal text, and the end balance.
"""
import json
import sys
from decimal import Decimal

from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.backtest.models import LatencyModel
from nautilus_trader.config import BacktestEngineConfig, LoggingConfig, RiskEngineConfig
from nautilus_trader.model.currencies import Currency
from nautilus_trader.model.data import QuoteTick, TradeTick
from nautilus_trader.model.enums import AccountType, AggressorSide, OmsType, OrderSide, TimeInForce
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TradeId, TraderId, Venue
from nautilus_trader.model.instruments import CryptoPerpetual, CurrencyPair
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

VENUE = Venue("BINANCE")
QUOTED = "USDT"


def instrument_of(symbol, base, kind, size, priceDecimals, sizeDecimals, maker, taker, **_):
    step = lambda decimals: str(Decimal(1).scaleb(-decimals))
    # An underscore means something in their symbols.
    symbol = symbol.replace("_", "-")
    quoted = "USD" if kind == "inverse" else QUOTED
    contract = dict(
        settlement_currency=Currency.from_str(base if kind == "inverse" else quoted),
        is_inverse=kind == "inverse",
        multiplier=Quantity.from_str(size),
    )
    return (CurrencyPair if kind == "spot" else CryptoPerpetual)(
        **({} if kind == "spot" else contract),
        instrument_id=InstrumentId(Symbol(symbol), VENUE),
        raw_symbol=Symbol(symbol),
        base_currency=Currency.from_str(base),
        quote_currency=Currency.from_str(quoted),
        price_precision=priceDecimals,
        size_precision=sizeDecimals,
        price_increment=Price.from_str(step(priceDecimals)),
        size_increment=Quantity.from_str(step(sizeDecimals)),
        maker_fee=Decimal(maker),
        taker_fee=Decimal(taker),
        ts_event=0,
        ts_init=0,
    )


def trades_of(file, instrument):
    trades = []
    for number, line in enumerate(open(file)):
        time, price, size, side = line.split()
        taker = AggressorSide.BUYER if side == "buy" else AggressorSide.SELLER
        numbers = Price.from_str(price), Quantity.from_str(size)
        trades.append(TradeTick(instrument.id, *numbers, taker, TradeId(str(number)), int(time), int(time)))
    return trades


def quotes_of(file, instrument):
    quotes = []
    for line in open(file):
        time, bid, bid_size, ask, ask_size = line.split()
        sides = Price.from_str(bid), Price.from_str(ask), Quantity.from_str(bid_size), Quantity.from_str(ask_size)
        quotes.append(QuoteTick(instrument.id, *sides, int(time), int(time)))
    return quotes


class Simple(Strategy):
    """The same as `simple` in simple-strategies.ts, line by line."""

    def __init__(self, case, instrument, ticks):
        super().__init__()
        self.case, self.instrument, self.ticks = case, instrument, ticks
        self.seen = self.sent = self.last_sent = 0
        self.orders, self.fills = [], []

    def on_start(self):
        if self.ticks == "trades":
            self.subscribe_trade_ticks(self.instrument.id)
        else:
            self.subscribe_quote_ticks(self.instrument.id)

    def on_trade_tick(self, trade):
        self.on_tick(trade.price, trade.size, trade.price, trade.size)

    def on_quote_tick(self, quote):
        self.on_tick(quote.bid_price, quote.bid_size, quote.ask_price, quote.ask_size)

    def on_tick(self, bid_price, bid_size, ask_price, ask_size):
        self.seen += 1
        case, kind = self.case, self.case["kind"]
        if kind == "imbalance":
            if self.seen - self.last_sent < case["every"]:
                return
            bid, ask = float(bid_size), float(ask_size)
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
        best = bid_price if (direction == 1) == rests else ask_price
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
        money = format(event.commission.as_decimal(), "f")
        fill = [str(event.ts_event), number, "buy" if buys else "sell", str(event.last_px), str(event.last_qty), money]
        self.fills.append([*fill, "maker" if event.liquidity_side == 1 else "taker"])


def run(case, session, ticks):
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
    currency = Currency.from_str(session["base"] if session["kind"] == "inverse" else QUOTED)
    money = Money(Decimal(case["capital"]), currency)
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
    engine.add_data(ticks)
    strategy = Simple(case, instrument, session["ticks"])
    engine.add_strategy(strategy)
    engine.run()
    balance = engine.cache.account_for_venue(VENUE).balance_total(currency)
    found = {"fills": strategy.fills, "sent": strategy.sent, "balance": format(balance.as_decimal(), "f")}
    engine.dispose()
    return found


asked = json.load(open(sys.argv[1]))
read = {}
for name, session in asked["sessions"].items():
    ticks_of = trades_of if session["ticks"] == "trades" else quotes_of
    read[name] = ticks_of(session["file"], instrument_of(**session, maker="0", taker="0"))
print(json.dumps([run(case, asked["sessions"][case["session"]], read[case["session"]]) for case in asked["cases"]]))
