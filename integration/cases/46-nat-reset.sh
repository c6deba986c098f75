#!/usr/bin/env bash
# N9: a server that lost its state answers with a stateless reset (RFC 9000 10.3): it reaches the client through the NAT, whose
# connection ends at once. Runs when QW_DEBIAN13 names a folder with a Debian 13 system that has nginx.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient
skip_without_debian13 nginx
case_nat
certificate_make || exit 1

nginx_conf() {
    cat <<END
daemon off;
master_process off;
user root;
pid /mnt/lab/nginx.pid;
error_log stderr info;
events {}
http {
    access_log off;
    quic_host_key /mnt/lab/host.key;
    server {
        listen $S4:4437 quic;
        ssl_certificate /mnt/lab/tls/cert.pem;
        ssl_certificate_key /mnt/lab/tls/key.pem;
        root /mnt/lab/www;
    }
}
END
}

serve_nginx() {
    spawn_debian13 "$LAB_SERVER" nginx nginx -c /mnt/lab/nginx.conf
    serve_wait 4437
}

restart_nginx() {
    kill -KILL "$LAB_PID"
    wait "$LAB_PID" 2>/dev/null
    serve_nginx
}

nginx_conf >"$LAB_DIR/nginx.conf"
head -c 64 /dev/urandom >"$LAB_DIR/host.key"
serve_nginx || exit 1
client_gtls 4 4437 --delay-stream=2s >"$LAB_DIR/client.log" 2>&1 &
client=$!
check 'a connection' confirmed 4 4437
check 'the server starts anew' restart_nginx
check 'its reset ends the connection' wait_for 4 ended "$client"
wait "$client"
check 'the client took it for one' grep 'SR token' "$LAB_DIR/client.log"
check 'quicward ends cleanly' stop_quicward
case_end
