"""A consumer as one writes it in Python: ticks of JSON from Kafka in batches into ClickHouse. Prints what it took."""
import json
import sys
import time
from datetime import datetime, timezone

import clickhouse_connect
from confluent_kafka import Consumer

BATCH = 50_000
COLUMNS = ["venue", "symbol", "timestamp", "received_at", "price", "volume", "side", "trade_id", "log_partition", "log_offset", "log_index"]


def main(brokers: str, topic: str, host: str, port: str, ticks: int) -> None:
    client = clickhouse_connect.get_client(host=host, port=int(port), database="bench", compress=False)
    began = {}

    def assigned(_consumer, _partitions):
        began.setdefault("wall", time.perf_counter())
        began.setdefault("cpu", time.process_time())

    consumer = Consumer({
        "bootstrap.servers": brokers,
        "group.id": "python-peer",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
    })
    consumer.subscribe([topic], on_assign=assigned)
    stored = 0
    columns = [[] for _ in COLUMNS]
    while stored < ticks:
        for message in consumer.consume(num_messages=10_000, timeout=0.2):
            tick = json.loads(message.value())
            at = datetime.fromtimestamp(tick["timestamp"] / 1000, timezone.utc)
            values = (tick["venue"], tick["symbol"], at, at, tick["price"], tick["volume"], tick["side"], tick["trade_id"],
                      message.partition(), message.offset(), 0)
            for column, value in zip(columns, values):
                column.append(value)
        held = len(columns[0])
        if held >= BATCH or (held > 0 and stored + held >= ticks):
            client.insert("trades", columns, column_names=COLUMNS, column_oriented=True)
            consumer.commit()
            stored += held
            columns = [[] for _ in COLUMNS]
    print(json.dumps({"seconds": time.perf_counter() - began["wall"], "cpuSeconds": time.process_time() - began["cpu"]}))
    consumer.close()


main(*sys.argv[1:5], int(sys.argv[5]))
