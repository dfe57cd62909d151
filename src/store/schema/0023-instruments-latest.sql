-- What is known of each instrument: its last change. A listed one was last seen in the last list of its venue with any change.
CREATE OR REPLACE VIEW instruments_latest AS
SELECT venue, symbol, kind, base, quote, tick_size, lot_size, contract_size, status, sessions, aliases, expires_at,
  first_seen, if(last_seen < received_at, last_seen, venue_seen) AS last_seen, change AS last_change, received_at AS changed_at
FROM (SELECT *, max(received_at) OVER (PARTITION BY venue) AS venue_seen FROM all_instruments)
ORDER BY venue, symbol, received_at DESC
LIMIT 1 BY venue, symbol
