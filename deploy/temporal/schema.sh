#!/bin/sh
# Temporal's tables, brought to the version of this image. Safe to repeat: what is there is left alone.
set -eu
schema=/etc/temporal/schema/postgresql/v12
for database in temporal visibility; do
    case $database in
        temporal) SQL_DATABASE=temporal ;;
        visibility) SQL_DATABASE=temporal_visibility ;;
    esac
    export SQL_DATABASE
    temporal-sql-tool setup-schema --version 0.0
    temporal-sql-tool update-schema --schema-dir "$schema/$database/versioned"
done
