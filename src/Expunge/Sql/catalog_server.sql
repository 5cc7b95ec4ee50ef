SELECT current_setting('server_version_num')::int,
       current_setting('server_version'),
       current_database()::text,
       current_user::text,
       pg_is_in_recovery(),
       EXISTS (SELECT FROM pg_extension WHERE extname = 'citus'),
       current_setting('track_counts')::bool,
       (SELECT count(*) FROM pg_stat_replication)::int
