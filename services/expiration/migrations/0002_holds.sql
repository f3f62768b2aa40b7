-- A hold is a run of a workflow now. What is over is history that nobody reads; the timers
-- that are armed become holds when the service starts, and then the table stays empty.
DELETE FROM timers WHERE state <> 'armed';
DROP INDEX timers_armed;
