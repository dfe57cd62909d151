"""Alpaca's own client, alpaca-py. Arguments: kind (stocks or crypto), address, key, secret, symbols.

Prints what it hands to its user, one JSON object a line, with times in nanoseconds.
"""
import asyncio
import json
import logging
import sys

from alpaca.data.live import CryptoDataStream, StockDataStream

kind, address, key, secret, *symbols = sys.argv[1:]
logging.basicConfig(stream=sys.stdout, level=logging.INFO)
stream = (StockDataStream if kind == "stocks" else CryptoDataStream)(
    key, secret, raw_data=True, url_override=address
)


async def show(message):
    time = message["t"]
    message["t"] = time.seconds * 1_000_000_000 + time.nanoseconds
    print(json.dumps(message), flush=True)


stream.subscribe_trades(show, *symbols)
stream.subscribe_quotes(show, *symbols)
if kind == "stocks":
    stream.register_trade_corrections(show)
    stream.register_trade_cancels(show)
stream.run()
