#!/bin/sh
# Installs the Debian packages that are missing: `system.sh run` or `system.sh test`.
# Root installs them; anybody else is told the one line to type. Nothing missing: no output, no apt, no delay.
set -eu
run="supercollider-server sc3-plugins-server jackd2 util-linux"
test="$run supercollider-language sc3-plugins-language liblo-tools puredata-core procps ngspice graphviz chromium chromium-driver ffmpeg gcc libc6-dev"
case "${1:-}" in
run) wanted=$run ;;
test) wanted=$test ;;
*) echo "usage: system.sh run|test" >&2; exit 2 ;;
esac

missing=""
for package in $wanted; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
done
# A Python from Debian carries venv and pip in packages of its own.
python=${PYTHON:-python3}
"$python" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3 python3-venv python3-pip"
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null || {
    echo "somatone needs these Debian packages, and there is no apt-get here:$missing" >&2; exit 1; }
if [ "$(id -u)" != 0 ]; then
    echo "Some system packages are missing. Type this, then the same make command again:" >&2
    echo "  sudo apt-get install -y --no-install-recommends$missing" >&2
    exit 1
fi
echo "Installing system packages:$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
# shellcheck disable=SC2086
if ! { apt-get update && apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    echo "apt-get could not install:$missing (its full log is $log)" >&2
    exit 1
fi
rm -f "$log"
