"""What a program with clickhouse-connect does: arguments are host, port, token; prints one JSON line."""
import json
import sys

import clickhouse_connect
from clickhouse_connect.driver.exceptions import DatabaseError

host, port, token = sys.argv[1], int(sys.argv[2]), sys.argv[3]


def connect(password, **options):
    return clickhouse_connect.get_client(host=host, port=port, username="default", password=password, **options)


client = connect(token)
said = {"ping": client.ping()}

rows = client.query("SELECT {text:String} AS text, {n:UInt64} AS n", parameters={"text": "it's\ta\nb", "n": 7}).result_rows
said["parameters"] = [list(row) for row in rows]

with client.query_row_block_stream("SELECT number, toString(number) FROM numbers(1000000)") as stream:
    said["streamed"] = sum(len(block) for block in stream)

try:
    client.query("SELECT * FROM nothing")
except DatabaseError as error:
    said["error"] = str(error)

for codec in ("gzip", "zstd"):
    said[codec] = connect(token, compress=codec).query("SELECT sum(number) FROM numbers(1000)").result_rows[0][0]

try:
    connect(token + "x")
except DatabaseError as error:
    said["refused"] = str(error)

try:
    client.query("SELECT * FROM file('/etc/hostname', 'LineAsString')")
except DatabaseError as error:
    said["outside"] = str(error)

print(json.dumps(said))
