#!/bin/sh
# Unpacks real MicroPython (unix port, Debian 13's package) into .micropython/<arch>/, touching nothing else.
# 32 bits first: its 31-bit small integers are the board's. Debian 12 has no such package, so apt fetches
# trixie's into a private folder with lists and status of its own, from the mirror this machine already uses.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
into=$here/.micropython
packages="micropython libc6 libffi8 libmbedcrypto16 libmbedtls21 libmbedx509-7 libgcc-s1"

case "$(dpkg --print-architecture)" in
amd64) arches="i386 amd64" ;;
arm64) arches="armhf arm64" ;;
*) arches=$(dpkg --print-architecture) ;;
esac

mirror() { # the first Debian mirror of the machine's own sources
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
        sed -n 's/^URIs:[[:space:]]*\([^[:space:]]*\).*/\1/p; s/^deb[[:space:]]\+\(\[[^]]*\][[:space:]]*\)\?\(http[^[:space:]]*\).*/\2/p' |
        grep -E '/(debian|raspbian)/?$' | head -n 1
}

unpack() {
    arch=$1 work=$into/.work-$1
    rm -rf "$work"; mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/root"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(mirror) trixie main" >"$work/sources.list"
    : >"$work/status"
    set -- -qq -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o "Dir::State::lists=$work/lists" -o "Dir::State::status=$work/status" -o "Dir::Cache=$work/cache" \
        -o "APT::Architecture=$arch" -o "APT::Architectures::=$arch" -o Acquire::Languages=none \
        -o APT::Sandbox::User=root
    apt-get "$@" update
    # shellcheck disable=SC2086
    (cd "$work" && apt-get "$@" download $packages)
    for deb in "$work"/*.deb; do dpkg-deb -x "$deb" "$work/root"; done
    loader=$(find "$work/root" -name 'ld-linux*.so.*' | head -n 1)
    libraries=$(dirname "$(find "$work/root" -name libc.so.6 | head -n 1)")
    rm -rf "${into:?}/$arch"; mv "$work/root" "$into/$arch"
    cat >"$into/$arch/micropython" <<LAUNCH
#!/bin/sh
# Starts the unpacked interpreter with the libraries it came with.
here=\$(dirname "\$(readlink -f "\$0")")
exec "\$here${loader#"$work/root"}" --library-path "\$here${libraries#"$work/root"}" "\$here/usr/bin/micropython" "\$@"
LAUNCH
    chmod +x "$into/$arch/micropython"
    rm -rf "$work"
    "$into/$arch/micropython" -c 'pass' 2>/dev/null || {
        echo "MicroPython for $arch was unpacked but does not start on this kernel." >&2; rm -rf "${into:?}/$arch"; return 1; }
}

failed=0
mkdir -p "$into"
for arch in $arches; do
    [ -x "$into/$arch/micropython" ] && continue
    echo "Fetching real MicroPython for $arch"
    unpack "$arch" || { echo "MicroPython for $arch could not be fetched; check that the package mirror answers." >&2; failed=1; }
done
exit $failed
