-- The same as lines, for whoever reads logs: nothing is told that is not an event, so one table holds both.
CREATE OR REPLACE VIEW logs AS
SELECT at AS timestamp, level, station, process, instance, text AS message, event, fields
FROM events
