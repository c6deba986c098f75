#include "interface_news.h"
#include "fail.h"
#include <errno.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <string.h>

/* What came is forgotten before it is counted, so that news which come meanwhile are counted too. */
static void *news_main(void *argument)
{
    struct interface_news *news = argument;
    struct pollfd ready[] = {{.fd = news->thread.stop, .events = POLLIN},
                             {.fd = netlink_fd(news->links), .events = POLLIN}};
    while (poll(ready, 2, -1) < 0 || !(ready[0].revents & POLLIN)) {
        netlink_forget(news->links);
        atomic_fetch_add_explicit(&news->count, 1, memory_order_release);
    }
    return NULL;
}

enum qw_error interface_news_start(struct interface_news *news, struct io_error *error)
{
    static const int GROUPS[] = {RTNLGRP_LINK};
    news->links = netlink_listen(NETLINK_ROUTE, GROUPS, 1);
    if (!news->links)
        return io_fail(error, QW_ERR_SYSTEM, "routing socket: %s", strerror(errno));
    int problem = side_thread_start(&news->thread, news_main, news);
    if (problem != 0)
        return io_fail(error, QW_ERR_SYSTEM, "no thread for news of interfaces: %s", strerror(problem));
    return QW_OK;
}

void interface_news_stop(struct interface_news *news)
{
    side_thread_end(&news->thread);
    netlink_close(news->links);
    news->links = NULL;
}
