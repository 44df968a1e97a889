#!/bin/sh
# Copies all of Postgres as it is at one moment, so that the record and Temporal fit each other: deploy/backup.sh FOLDER
set -eu
folder=$(cd "${1:?say into which folder}" && pwd)
cd "$(dirname "$0")/.."
umask 077
file="$folder/lockstep-$(date -u +%Y%m%dT%H%M%SZ).tar.gz"
docker compose exec -T postgres pg_basebackup --username=postgres --pgdata=- --format=tar --wal-method=fetch \
    --checkpoint=fast --gzip > "$file.unfinished"
gzip --test "$file.unfinished"
mv "$file.unfinished" "$file"
echo "$file"
