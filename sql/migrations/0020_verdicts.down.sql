\ir ../functions/record_dispatch_v2.sql
