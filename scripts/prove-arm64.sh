#!/usr/bin/env bash
# Proves the executable for arm64 on a machine that is none: builds it, and runs it in an emulator.
# Needs qemu-user-static and libc6-arm64-cross.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v qemu-aarch64-static > /dev/null || { echo "prove-arm64: apt install qemu-user-static libc6-arm64-cross" >&2; exit 1; }
npm run --silent build -- --target=linux-arm64
work=$(mktemp -d)
port=${PORT:-18088}
key=arm64-proof-0123456789abcdef0123456789abcdef
waypost=(qemu-aarch64-static -L /usr/aarch64-linux-gnu "$PWD/dist/waypost-linux-arm64")
export WAYPOST_PORT=$port WAYPOST_SETUP_KEY=$key WAYPOST_DATA_DIR=$work/data WAYPOST_ALLOW_EPHEMERAL=true
check() { if eval "$2"; then echo "ok    $1"; else echo "FAIL  $1"; cat "$work/err"; exit 1; fi; }

check "it says what it is" '"${waypost[@]}" version --json | grep -q "\"architecture\":\"arm64\""'
"${waypost[@]}" serve > /dev/null 2> "$work/err" &
server=$!
trap 'kill -9 "$server" 2> /dev/null; rm -rf "$work"' EXIT
for _ in $(seq 100); do curl -fs "localhost:$port/healthz" > /dev/null && break; sleep 0.2; done
check "it serves" 'curl -fs "localhost:$port/healthz" > /dev/null'
curl -fs "localhost:$port/api/v1/links" -H "Authorization: Bearer $key" -H 'Content-Type: application/json' \
  -d '{"destinationUrl":"https://example.com/landing","slug":"proof"}' > /dev/null
check "its link is followed" 'curl -si "localhost:$port/proof" | grep -qi "^location: https://example.com/landing"'
counted() { curl -fs "localhost:$port/api/v1/analytics/overview" -H "Authorization: Bearer $key" | grep -q '"botClicks":1'; }
for _ in $(seq 50); do counted && break; sleep 0.2; done
check "its click is counted" counted
