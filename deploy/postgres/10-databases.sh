#!/bin/bash
# Runs once, when the data folder is empty: a database for the record and two for Temporal, each with a role of its own.
# Nobody reads what is another's; `monitor` reads figures of the server and no table.
set -eu
for name in LOCKSTEP_DB_PASSWORD TEMPORAL_DB_PASSWORD MONITOR_DB_PASSWORD; do
    [ -n "${!name:-}" ] || { echo "$name is not set" >&2; exit 1; }
done

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv lockstep_password LOCKSTEP_DB_PASSWORD
\getenv temporal_password TEMPORAL_DB_PASSWORD
\getenv monitor_password MONITOR_DB_PASSWORD
create role lockstep login password :'lockstep_password';
create role temporal login password :'temporal_password';
create role monitor login password :'monitor_password' in role pg_monitor;
create database lockstep owner lockstep;
create database temporal owner temporal;
create database temporal_visibility owner temporal;
revoke connect, temporary on database lockstep, temporal, temporal_visibility from public;
grant connect on database lockstep to monitor;
SQL
