"""The usual Python consumer: JSON ticks from Kafka in batches into ClickHouse. Prints seconds and CPU seconds."""
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
        waiting = len(columns[0])
        if waiting >= BATCH or (waiting > 0 and stored + waiting >= ticks):
            client.insert("trades", columns, column_names=COLUMNS, column_oriented=True)
            consumer.commit()
            stored += waiting
            columns = [[] for _ in COLUMNS]
    print(json.dumps({"seconds": time.perf_counter() - began["wall"], "cpuSeconds": time.process_time() - began["cpu"]}))
    consumer.close()


main(*sys.argv[1:5], int(sys.argv[5]))
