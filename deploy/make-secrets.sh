#!/bin/sh
# Draws the passwords that .env and secrets/ lack. Safe to run again: what is there stays.
set -eu
cd "$(dirname "$0")"
umask 077
test -f .env || { echo 'Copy env.example to .env first.' >&2; exit 1; }
draw() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
mkdir -p secrets
test -s secrets/postgres || draw > secrets/postgres
fill() {
  grep -q "^$1=..*" .env && return 0
  { grep -v "^$1=" .env || true; echo "$1=$2"; } > .env.new
  mv .env.new .env
}
fill DATABASE_URL "postgres://antin:$(cat secrets/postgres)@postgres/antin"
for name in OIDC_CLIENT_SECRET KEYCLOAK_DB_PASSWORD KEYCLOAK_ADMIN_PASSWORD; do fill "$name" "$(draw)"; done
echo 'deploy/.env and deploy/secrets are complete.'
