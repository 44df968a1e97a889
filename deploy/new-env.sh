#!/bin/sh
# Writes .env for docker-compose.yml with fresh secrets. What it leaves empty only you can know.
set -eu
cd "$(dirname "$0")/.."
if [ -e .env ]; then
    echo ".env is there already: nothing was changed" >&2
    exit 1
fi
hexadecimal() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
key() { head -c 32 /dev/urandom | base64; }
umask 077
cat > .env <<END
# Whoever reads this file reads everything. Keep a copy where the backups are not: without LOCKSTEP_RECORD_KEY and
# LOCKSTEP_PAYLOAD_KEYS nobody can read evidence, customers' data and open workflows, also not from a backup.

# Fresh secrets. Passwords are set when the database is made; later they are changed there too (docs/operations.md).
POSTGRES_PASSWORD=$(hexadecimal)
LOCKSTEP_DB_PASSWORD=$(hexadecimal)
TEMPORAL_DB_PASSWORD=$(hexadecimal)
MONITOR_DB_PASSWORD=$(hexadecimal)
GRAFANA_ADMIN_PASSWORD=$(hexadecimal)
LOCKSTEP_RECORD_KEY=$(key)
LOCKSTEP_PAYLOAD_KEYS=k1:$(key)

# Where customers and payment providers find the API, such as https://orders.example.com
LOCKSTEP_PUBLIC_URL=

# The warehouse: where it is, the token it knows us by, and the secrets that sign its messages (comma-separated).
LOCKSTEP_WAREHOUSE_URL=
LOCKSTEP_WAREHOUSE_TOKEN=
LOCKSTEP_WAREHOUSE_SECRETS=

# Where Alertmanager sends alerts (its own JSON): a chat, a pager, a relay.
ALERT_WEBHOOK_URL=

# From here on everything has a default. Key files lie in deploy/keys, readable for user 10001.
#LOCKSTEP_ALIPAY_ACCOUNTS='[{"name": "main", "app_id": "2021...", "seller_id": "2088...", "alipay_public_key_files": ["/run/lockstep/keys/alipay.pem"], "app_private_key_file": "/run/lockstep/keys/app.pem"}]'
#LOCKSTEP_WECHATPAY_ACCOUNTS='[]'
#LOCKSTEP_SHOP_LISTENERS='[]'
#LOCKSTEP_BAZAAR_SHOPS='[]'

# How browsers reach the Web UI and the codec endpoint; both on one site, both over https or neither.
#LOCKSTEP_TEMPORAL_UI_URL=http://localhost:8080
#LOCKSTEP_CODEC_URL=http://localhost:8081

# The address that ports are bound to. Keep it: a proxy of yours stands before them and speaks https.
#LOCKSTEP_BIND=127.0.0.1
#LOCKSTEP_TRUSTED_PROXIES=
END
echo "wrote .env: fill in what is empty"
