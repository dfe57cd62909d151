// What a program with clickhouse-go over HTTP does: arguments are host:port, token; prints one JSON line.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/ClickHouse/clickhouse-go/v2"
)

func connect(token string, method clickhouse.CompressionMethod) clickhouse.Conn {
	options := &clickhouse.Options{
		Addr:     []string{os.Args[1]},
		Protocol: clickhouse.HTTP,
		Auth:     clickhouse.Auth{Database: "default", Username: "default", Password: token},
	}
	if method != clickhouse.CompressionNone {
		options.Compression = &clickhouse.Compression{Method: method}
	}
	connection, err := clickhouse.Open(options)
	check(err)
	return connection
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	ctx, token := context.Background(), os.Args[2]
	said := map[string]any{}
	client := connect(token, clickhouse.CompressionNone)
	check(client.Ping(ctx))
	said["ping"] = true

	var text string
	var n uint64
	named := clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{"text": "it's", "n": "7"}))
	check(client.QueryRow(named, "SELECT {text:String}, {n:UInt64}").Scan(&text, &n))
	said["parameters"] = []any{text, n}

	for name, method := range map[string]clickhouse.CompressionMethod{"none": clickhouse.CompressionNone, "gzip": clickhouse.CompressionGZIP} {
		rows, err := connect(token, method).Query(ctx, "SELECT number, toString(number) FROM numbers(1000000)")
		check(err)
		count := 0
		for rows.Next() {
			check(rows.Scan(&n, &text))
			count++
		}
		check(rows.Err())
		said[name] = count
	}

	var exception *clickhouse.Exception
	err := client.Exec(ctx, "SELECT * FROM nothing")
	said["error"] = fmt.Sprint(err)
	said["typed"] = errors.As(err, &exception)
	said["refused"] = fmt.Sprint(connect(token+"x", clickhouse.CompressionNone).Ping(ctx))
	said["outside"] = fmt.Sprint(client.Exec(ctx, "SELECT * FROM file('/etc/hostname', 'LineAsString')"))
	check(json.NewEncoder(os.Stdout).Encode(said))
}
