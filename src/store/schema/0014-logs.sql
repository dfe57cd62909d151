-- Events as log lines. Every log line is an event, so no other table is needed.
CREATE OR REPLACE VIEW logs AS
SELECT at AS timestamp, level, station, process, instance, text AS message, event, fields
FROM events
