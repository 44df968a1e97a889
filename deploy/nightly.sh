#!/bin/sh
# Once a night, by cron: looks that cost too much to take all the time. What they find becomes an alert like any other.
set -u
cd "$(dirname "$0")/.."

raise_alert() { # name, severity, sentence, where its section is; it lasts until the next night
    until=$(date -u -d "@$(($(date +%s) + 90000))" +%Y-%m-%dT%H:%M:%SZ)
    docker compose exec -T alertmanager amtool --alertmanager.url=http://127.0.0.1:9093 alert add \
        "alertname=$1" "severity=$2" --annotation="summary=$3" --annotation="runbook=$4" --end="$until"
}

docker compose exec -T api lockstep verify-audit --all
case $? in
    0) ;;
    1) raise_alert AuditBroken page "An audit log is not what was written." docs/operations.md#auditbroken ;;
    *) raise_alert NightlyLookFailed ticket "The audit logs could not be checked." docs/operations.md#nightlylookfailed ;;
esac

# Makes room for the evidence of the coming months; the schema is there already.
docker compose run --rm migrate ||
    raise_alert NightlyLookFailed ticket "No room was made for evidence." docs/operations.md#nightlylookfailed
