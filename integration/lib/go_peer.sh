# shellcheck shell=bash
# Go programs of peers/, built with Debian's quic-go. They are kept in the cache folder, by a hash of source and library.

# go_peer NAME: builds peers/NAME if that has not been done; skips the case where it cannot. GO_PEER is the program.
go_peer() {
    local source=$QW_ROOT/integration/peers/$1/main.go cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/quicward/go-peers sum
    skip_without go
    [ -d /usr/share/gocode/src/github.com/lucas-clemente/quic-go ] ||
        skip 'golang-github-lucas-clemente-quic-go-dev is not installed (integration/install.sh peers)'
    sum=$({ cat "$source"; dpkg-query -W -f '${Version}' golang-github-lucas-clemente-quic-go-dev; } | sha256sum)
    GO_PEER=$cache/$1-${sum:0:16}
    [ -x "$GO_PEER" ] || go_build "$source" "$cache" || skip "$1 does not build here"
}

# Without modules the compiler asks no network.
go_build() { # SOURCE CACHE
    local work status=1
    mkdir -p "$2" && work=$(mktemp -d "$2/build.XXXXXX") || return 1
    mkdir -p "$work/src/peer" && cp "$1" "$work/src/peer/" &&
        (cd "$work/src/peer" && GO111MODULE=off GOPROXY=off GOPATH=$work:/usr/share/gocode GOCACHE=$2/objects go build -o "$work/peer" .) &&
        mv "$work/peer" "$GO_PEER" && status=0 # in one step: another case may build it too
    rm -rf "$work"
    return $status
}
