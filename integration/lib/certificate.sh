# shellcheck shell=bash
# A certificate authority and a leaf for *.server.test and *.blocked.test, made anew for every lab.

certificate_make() {
    local dir=$LAB_DIR/tls
    mkdir -p "$dir" "$LAB_DIR/www"
    certificate_key "$dir/ca.key" && certificate_key "$dir/key.pem" || return 1
    openssl req -x509 -key "$dir/ca.key" -out "$dir/ca.pem" -days 30 -subj /CN=quicward-lab || return 1
    openssl req -new -key "$dir/key.pem" -out "$dir/request.pem" -subj /CN=server.test || return 1
    printf '%s\n' 'subjectAltName=DNS:server.test,DNS:*.server.test,DNS:blocked.test,DNS:*.blocked.test' \
        basicConstraints=CA:FALSE >"$dir/leaf.ext"
    openssl x509 -req -in "$dir/request.pem" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial -days 30 \
        -out "$dir/cert.pem" -extfile "$dir/leaf.ext" 2>/dev/null || return 1
    echo hello-quic >"$LAB_DIR/www/index.html"
}

certificate_key() {
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null
}

# What chromium takes instead of an authority: the hash of the leaf's public key.
certificate_spki() {
    openssl x509 -pubkey -noout -in "$LAB_DIR/tls/cert.pem" | openssl pkey -pubin -outform der |
        openssl dgst -sha256 -binary | base64
}
