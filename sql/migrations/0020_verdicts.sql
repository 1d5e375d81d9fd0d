-- A task that Main Bot was asked about and does not have gets the attempt back that its hand-over had used.
\ir ../functions/record_dispatch_v3.sql
