#include "attempt_names.h"
#include <stdlib.h>
#include <string.h>

bool names_init(struct name_pool *pool, uint32_t capacity, struct qw_hash_key secret)
{
    uint32_t buckets = 1;
    while (buckets < capacity)
        buckets *= 2;
    *pool = (struct name_pool){.mask = buckets - 1, .free_head = FLOW_NONE, .secret = secret};
    pool->all = calloc(capacity, sizeof *pool->all);
    pool->buckets = malloc(buckets * sizeof *pool->buckets);
    if (!pool->all || !pool->buckets)
        return false;
    memset(pool->buckets, 0xff, buckets * sizeof *pool->buckets);
    for (uint32_t i = capacity; i-- > 0;) {
        pool->all[i].next = pool->free_head;
        pool->free_head = i;
    }
    return true;
}

void names_free(struct name_pool *pool)
{
    free(pool->all);
    free(pool->buckets);
}

/* Protocols are kept whole, those that fit: a long one does not hide the next. */
static void keep_alpn(const struct tls_client_hello *hello, struct engine_hello *out)
{
    struct qw_writer w = qw_writer((uint8_t *)out->alpn, sizeof out->alpn);
    out->alpn_more = hello->alpn_more;
    for (unsigned i = 0; i < hello->alpn_count; i++) {
        if (qw_written(&w) + 1 + hello->alpn[i].len > sizeof out->alpn) {
            out->alpn_more = true;
            continue;
        }
        qw_put_u8(&w, (uint8_t)hello->alpn[i].len);
        qw_put(&w, hello->alpn[i].data, hello->alpn[i].len);
    }
    out->alpn_len = (uint8_t)qw_written(&w);
}

/* Leaves the room behind the name and the protocols as it is. */
static void summarize(const struct tls_client_hello *hello, struct engine_hello *out)
{
    out->known = true;
    out->ech = hello->ech;
    out->sni_len = (uint8_t)(hello->sni.len <= sizeof out->sni ? hello->sni.len : 0);
    if (out->sni_len)
        memcpy(out->sni, hello->sni.data, out->sni_len);
    keep_alpn(hello, out);
}

static void copy(struct engine_hello *to, const struct engine_hello *from)
{
    to->known = from->known;
    to->ech = from->ech;
    to->alpn_more = from->alpn_more;
    to->sni_len = from->sni_len;
    to->alpn_len = from->alpn_len;
    memcpy(to->sni, from->sni, from->sni_len);
    memcpy(to->alpn, from->alpn, from->alpn_len);
}

static bool same(const struct engine_hello *a, const struct engine_hello *b)
{
    return a->ech == b->ech && a->alpn_more == b->alpn_more && a->sni_len == b->sni_len &&
           a->alpn_len == b->alpn_len && memcmp(a->sni, b->sni, a->sni_len) == 0 &&
           memcmp(a->alpn, b->alpn, a->alpn_len) == 0;
}

static uint64_t hash_of(const struct name_pool *pool, const struct engine_hello *hello)
{
    uint8_t all[sizeof hello->sni + sizeof hello->alpn];
    memcpy(all, hello->sni, hello->sni_len);
    memcpy(all + hello->sni_len, hello->alpn, hello->alpn_len);
    return qw_hash(pool->secret, all, (size_t)hello->sni_len + hello->alpn_len);
}

uint32_t names_take(struct name_pool *pool, const struct tls_client_hello *hello)
{
    struct engine_hello wanted;
    summarize(hello, &wanted);
    uint64_t hash = hash_of(pool, &wanted);
    uint32_t *bucket = &pool->buckets[hash & pool->mask];
    for (uint32_t i = *bucket; i != FLOW_NONE; i = pool->all[i].next)
        if (pool->all[i].hash == hash && same(&pool->all[i].hello, &wanted)) {
            pool->all[i].users++;
            return i;
        }
    uint32_t i = pool->free_head;
    if (i == FLOW_NONE)
        return i;
    pool->free_head = pool->all[i].next;
    pool->all[i] = (struct name_entry){.hash = hash, .users = 1, .next = *bucket};
    copy(&pool->all[i].hello, &wanted);
    *bucket = i;
    return i;
}

void names_drop(struct name_pool *pool, uint32_t entry)
{
    if (entry == FLOW_NONE || --pool->all[entry].users > 0)
        return;
    uint32_t *link = &pool->buckets[pool->all[entry].hash & pool->mask];
    while (*link != entry)
        link = &pool->all[*link].next;
    *link = pool->all[entry].next;
    pool->all[entry].next = pool->free_head;
    pool->free_head = entry;
}
