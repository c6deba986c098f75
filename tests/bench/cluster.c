/* bench_cluster FOLDER: what the copy of a router's flows costs. In FOLDER there are sockets and process
 * numbers of three Redis servers (cluster.sh): own, its replica copy, and other. */
#include "cluster.h"
#include "measure.h"
#include <quicward/base/log.h>
#include <quicward/peer.h>

int main(int argc, char **argv)
{
    struct cluster_stores stores;
    bench_require(argc == 2, "usage: bench_cluster FOLDER");
    bench_require(peer_available(), "built with hiredis");
    qw_log_set_level(QW_LOG_ERROR);
    cluster_store_open(&stores.own, argv[1], "own");
    cluster_store_open(&stores.copy, argv[1], "copy");
    cluster_store_open(&stores.other, argv[1], "other");
    cluster_writing(&stores);
    cluster_resync(&stores);
    cluster_takeover(&stores);
    cluster_store_close(&stores.own);
    cluster_store_close(&stores.copy);
    cluster_store_close(&stores.other);
    return 0;
}
