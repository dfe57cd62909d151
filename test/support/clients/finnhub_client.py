"""A plain client of Finnhub, in the shape of its documentation. Arguments: address with the token, symbols.

Prints every message, one a line, and "open" once it has subscribed.
"""
import sys

import websocket

address, symbols = sys.argv[1], sys.argv[2:]


def on_open(ws):
    for symbol in symbols:
        ws.send('{"type":"subscribe","symbol":"%s"}' % symbol)
    print("open", flush=True)


def on_message(ws, message):
    print(message, flush=True)


def on_error(ws, error):
    print("error", error, flush=True)


def on_close(ws, code, reason):
    print("closed", flush=True)


app = websocket.WebSocketApp(address, on_message=on_message, on_error=on_error, on_close=on_close)
app.on_open = on_open
app.run_forever()
