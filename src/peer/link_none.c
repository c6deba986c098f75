/* Built without hiredis. */
#include "link.h"

bool link_available(void)
{
    return false;
}

struct store_link *link_new(const char *path, const char *user, const char *password,
                            const struct link_hears *hears)
{
    (void)path, (void)user, (void)password, (void)hears;
    return NULL;
}

void link_free(struct store_link *link)
{
    (void)link;
}

int link_fd(const struct store_link *link)
{
    (void)link;
    return -1;
}

short link_events(const struct store_link *link)
{
    (void)link;
    return 0;
}

void link_step(struct store_link *link, bool ready, struct qw_time now)
{
    (void)link, (void)ready, (void)now;
}

bool link_is_up(const struct store_link *link)
{
    (void)link;
    return false;
}

bool link_is_down(const struct store_link *link)
{
    (void)link;
    return true;
}

unsigned link_waiting(const struct store_link *link)
{
    (void)link;
    return 0;
}

bool link_send(struct store_link *link, uint64_t tag, int count, const char **words, const size_t *lens,
               struct qw_time now)
{
    (void)link, (void)tag, (void)count, (void)words, (void)lens, (void)now;
    return false;
}

const char *link_error(const struct store_link *link)
{
    (void)link;
    return "this program was built without hiredis";
}
