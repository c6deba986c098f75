#include "inside.h"
#include <string.h>

void inside_init(struct inside *inside)
{
    memset(inside, 0, sizeof *inside);
    pthread_rwlock_init(&inside->lock, NULL);
}

void inside_free(struct inside *inside)
{
    qw_prefix_set_free(&inside->set);
    pthread_rwlock_destroy(&inside->lock);
}

bool inside_replace(struct inside *inside, const struct qw_prefix *prefixes, size_t count)
{
    struct qw_prefix_set set, before;
    if (!qw_prefix_set_build(prefixes, count, &set))
        return false;
    pthread_rwlock_wrlock(&inside->lock);
    before = inside->set;
    inside->set = set;
    inside->known = true;
    pthread_rwlock_unlock(&inside->lock);
    qw_prefix_set_free(&before);
    return true;
}

bool inside_has(struct inside *inside, const struct qw_addr *address, enum qw_family family)
{
    pthread_rwlock_rdlock(&inside->lock);
    bool has = !inside->known || qw_prefix_set_has(&inside->set, address, family);
    pthread_rwlock_unlock(&inside->lock);
    return has;
}
