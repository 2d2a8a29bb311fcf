#!/usr/bin/env bash
# Proves the Dockerfile where there is no Docker: takes its steps one by one, and then its final stage in a chroot
# with a read-only root, as user 10001, with nothing in it but the executable and the libraries it names.
#
#   scripts/prove-image.sh                 builds from a clean copy of HEAD first
#   scripts/prove-image.sh dist/waypost    takes an executable that is there already
#
# Needs root (mount, chroot) and unshare. Leaves nothing behind.
set -euo pipefail
cd "$(dirname "$0")/.."

[ "$(id -u)" = 0 ] || { echo "prove-image: needs root to mount and chroot" >&2; exit 1; }
if [ "${INSIDE:-}" = "" ]; then
  # Mounts made from here on are this process's own, and end with it.
  exec env INSIDE=1 unshare --mount --fork "$0" "$@"
fi

work=$(mktemp -d -p "${TMPDIR:-/var/tmp}" waypost-image.XXXXXX)
server=
finish() {
  # Not asked nicely: whatever is left by now has failed a check.
  [ -z "$server" ] || { kill -9 "$server" && wait "$server" || true; } 2>/dev/null
  # Unmounted before the folder is removed, or the removal would reach through.
  umount --recursive "$work/root" 2>/dev/null || true
  mountpoint -q "$work/root" && exit 1
  rm -rf "$work"
}
trap finish EXIT
say() { printf '\n== %s\n' "$*"; }
check() { if eval "$2"; then echo "ok    $1"; else echo "FAIL  $1"; cat "$work/err" 2>/dev/null || true; exit 1; fi; }

executable=${1:-}
if [ -z "$executable" ]; then
  say "stage one: a clean copy, Node and npm"
  mkdir "$work/src"
  git archive HEAD | tar -x -C "$work/src"
  (cd "$work/src" && sed '/^#/d;/^$/d' .dockerignore | while read -r pattern; do rm -rf $pattern; done)
  (cd "$work/src" && node scripts/install.mjs && npm run build -- --outfile=dist/waypost)
  executable=$work/src/dist/waypost
fi

say "stage two: the file system of the image"
root=$work/root
mkdir -p "$root/usr/local/bin" "$root/data" "$root/proc" "$root/dev" "$work/data"
cp "$executable" "$root/usr/local/bin/waypost"
# What the program asks of the system it runs on, and nothing more.
ldd "$executable" | grep -o '/[^ ]*' | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
mkdir -p "$root/etc"
echo 'waypost:x:10001:10001::/nonexistent:/usr/sbin/nologin' > "$root/etc/passwd"
chown 10001:10001 "$work/data"
chmod 700 "$work/data"
find "$root" -type f | sed "s|$root||" | sort
check "no node_modules in it" '[ -z "$(find "$root" -name node_modules)" ]'

mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount --bind "$work/data" "$root/data"
# What every container runtime brings.
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
check "the root is read-only" '! touch "$root/usr/local/bin/x" 2>/dev/null'

port=${PORT:-18089}
key=image-proof-0123456789abcdef0123456789abcdef
in_image=(
  env -i PATH=/usr/local/bin WAYPOST_HOST=0.0.0.0 WAYPOST_DATA_DIR=/data WAYPOST_PORT="$port"
  WAYPOST_BASE_URL="http://localhost:$port" WAYPOST_SETUP_KEY="$key"
  "$(command -v chroot)" --userspec=10001:10001 "$root" /usr/local/bin/waypost
)

say "running it"
"${in_image[@]}" serve > "$work/out" 2> "$work/err" &
server=$!
for _ in $(seq 100); do curl -fs "localhost:$port/healthz" > /dev/null && break; sleep 0.1; done
check "/healthz answers" 'kill -0 "$server" && curl -fs "localhost:$port/healthz" | grep -q ok'
check "the health check of the image passes" '"${in_image[@]}" health | grep -q ok'
check "it runs as user 10001" '[ "$(stat -c %u "$work/data/waypost.db")" = 10001 ]'
check "doctor finds nothing that fails" '"${in_image[@]}" doctor'
curl -fs "localhost:$port/api/v1/links" -H "Authorization: Bearer $key" -H 'Content-Type: application/json' \
  -d '{"destinationUrl":"https://example.com/landing","slug":"proof"}' > "$work/link"
check "a link is made with the setup key" 'grep -q "\"slug\":\"proof\"" "$work/link"'
check "the link is followed" 'curl -si "localhost:$port/proof" | grep -qi "^location: https://example.com/landing"'
for _ in $(seq 30); do "${in_image[@]}" link show proof --domain localhost | grep -q 'botClicks *1' && break; sleep 0.1; done
check "its click is counted" '"${in_image[@]}" link show proof --domain localhost | grep -q "botClicks *1"'
check "the admin page is served from the executable" 'curl -fs "localhost:$port/admin" | grep -q "<title>Waypost"'
kill "$server"
check "it stops cleanly" 'wait "$server"'
server=
say "The image's steps hold."
