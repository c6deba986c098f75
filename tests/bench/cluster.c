/* bench_cluster FOLDER [writing|resync|takeover]...: what the copy of a router's flows costs. In FOLDER there
 * are sockets and process numbers of three Redis servers (cluster.sh): own, its replica copy, and other. */
#include "cluster.h"
#include "measure.h"
#include <quicward/base/log.h>
#include <quicward/peer.h>
#include <string.h>

/* All, or those that are named. */
static bool is_wanted(const char *part, int argc, char **argv)
{
    bool named = argc == 2;
    for (int i = 2; i < argc; i++)
        named |= strcmp(argv[i], part) == 0;
    return named;
}

int main(int argc, char **argv)
{
    struct cluster_stores stores;
    bench_require(argc >= 2, "usage: bench_cluster FOLDER [writing|resync|takeover]...");
    bench_require(peer_available(), "built with hiredis");
    qw_log_set_level(QW_LOG_ERROR);
    cluster_store_open(&stores.own, argv[1], "own");
    cluster_store_open(&stores.copy, argv[1], "copy");
    cluster_store_open(&stores.other, argv[1], "other");
    if (is_wanted("writing", argc, argv))
        cluster_writing(&stores);
    if (is_wanted("resync", argc, argv))
        cluster_resync(&stores);
    if (is_wanted("takeover", argc, argv))
        cluster_takeover(&stores);
    cluster_store_close(&stores.own);
    cluster_store_close(&stores.copy);
    cluster_store_close(&stores.other);
    return 0;
}
