/* Whose hosts are, and where their packets go. */
#include "owner_marks.h"
#include "life.h"
#include <stdlib.h>

/* ---- life ---- */

/* Nobody learns from a host's address what else the secret decides. */
static struct qw_hash_key key_of(struct qw_hash_key secret)
{
    return (struct qw_hash_key){qw_hash24(secret, "owners0", 7), qw_hash24(secret, "owners1", 7)};
}

static unsigned owner_at(const struct config *config, const struct qw_addr *address)
{
    for (unsigned i = 0; i < config->cluster_owner_count; i++)
        if (qw_addr_equal(&config->cluster_owners[i].address, address))
            return i;
    return QW_OWNER_NONE;
}

static unsigned owner_of_forward(const struct config *config, const struct config_forward *forward)
{
    return owner_at(config, &config->external[forward->external]);
}

struct lists {
    struct qw_owners_prefix *prefixes;
    struct qw_owners_host *hosts;
    unsigned prefix_count, host_count;
};

static bool make_lists(const struct config *config, struct lists *lists)
{
    lists->prefixes =
        calloc((size_t)config->cluster_owner_count * CONFIG_OWNER_PREFIXES_MAX + 1, sizeof *lists->prefixes);
    lists->hosts = calloc(config->forward_count + 1u, sizeof *lists->hosts);
    if (!lists->prefixes || !lists->hosts)
        return false;
    for (unsigned i = 0; i < config->cluster_owner_count; i++)
        for (unsigned n = 0; n < config->cluster_owners[i].prefix_count; n++)
            lists->prefixes[lists->prefix_count++] =
                (struct qw_owners_prefix){config->cluster_owners[i].prefixes[n], i};
    for (unsigned i = 0; config->mode == CONFIG_NAT && i < config->forward_count; i++) {
        unsigned owner = owner_of_forward(config, &config->forwards[i]);
        if (owner != QW_OWNER_NONE)
            lists->hosts[lists->host_count++] = (struct qw_owners_host){config->forwards[i].to.addr, owner};
    }
    return true;
}

static struct qw_owners *make(const struct config *config, struct qw_hash_key secret)
{
    struct lists lists = {.prefixes = NULL};
    struct qw_addr addresses[QW_OWNERS_MAX];
    struct qw_owners *who = NULL;
    for (unsigned i = 0; i < config->cluster_owner_count; i++)
        addresses[i] = config->cluster_owners[i].address;
    if (make_lists(config, &lists))
        who = qw_owners_new(
            &(struct qw_owners_options){.count = config->cluster_owner_count,
                                        .addresses = config->mode == CONFIG_NAT ? addresses : NULL,
                                        .key = key_of(secret),
                                        .prefixes = lists.prefixes,
                                        .prefix_count = lists.prefix_count,
                                        .hosts = lists.hosts,
                                        .host_count = lists.host_count});
    free(lists.prefixes);
    free(lists.hosts);
    return who;
}

bool owners_start(struct engine *engine, const struct engine_options *options)
{
    for (unsigned i = 0; i < QW_OWNERS_MAX; i++)
        atomic_init(&engine->owners.marks[i], OWNERS_HERE);
    if (options->config->cluster_owner_count == 0)
        return true;
    engine->owners.who = make(options->config, options->kept ? *options->kept : options->secret);
    return engine->owners.who != NULL;
}

void owners_end(struct engine *engine)
{
    qw_owners_free(engine->owners.who);
}

/* ---- changes ---- */

bool owners_fit(const struct engine *engine, const struct config *config, FILE *errors)
{
    const struct qw_owners *who = engine->owners.who;
    bool fit = true;
    for (unsigned i = 0; who && engine->nat && i < config->forward_count; i++) {
        const struct config_forward *forward = &config->forwards[i];
        unsigned owner = qw_owner_of_host(who, &forward->to.addr, QW_IPV4);
        char host[QW_ADDR_TEXT_MAX], address[QW_ADDR_TEXT_MAX];
        if (owner == owner_of_forward(config, forward))
            continue;
        struct qw_addr has = qw_owner_address(who, owner);
        fit = false;
        if (errors)
            fprintf(errors,
                    "forward %u: %s has the external address %s, as cluster.owners and the secret have it; "
                    "allowed: external = \"%s\" for all of its forwards, or a restart of all routers when it "
                    "had none before\n",
                    i + 1, qw_addr_text(&forward->to.addr, QW_IPV4, host),
                    qw_addr_text(&has, QW_IPV4, address), address);
    }
    return fit;
}

void engine_own(struct engine *engine, unsigned number, enum engine_owned state, uint32_t mark)
{
    uint32_t word = state == ENGINE_OWNED_HERE   ? OWNERS_HERE
                    : state == ENGINE_OWNED_SOON ? OWNERS_SOON
                                                 : mark;
    if (engine->owners.who && number < qw_owners_count(engine->owners.who))
        atomic_store_explicit(&engine->owners.marks[number], word, memory_order_relaxed);
}

/* A flow that is translated is the address's, whoever had its host when it began. */
unsigned engine_owner_of(const struct engine *engine, const struct engine_mirrored *flow)
{
    const struct qw_owners *who = engine->owners.who;
    if (!who)
        return QW_OWNER_NONE;
    return flow->external.port != 0 ? qw_owner_of_address(who, &flow->external.addr)
                                    : qw_owner_of_host(who, &flow->inside.addr, flow->family);
}
