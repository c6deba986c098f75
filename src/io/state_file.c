/* The engine on its file: what an earlier daemon left there, and what goes in its place. */
#include "fail.h"
#include "state_folder.h"
#include <quicward/base/log.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REPORT_MAX 1024

struct io_state {
    struct store *store;  /* owned; NULL: there is no file */
    struct store *before; /* owned; what was left; NULL: nothing */
    struct store_boot boot;
    char path[PATH_MAX + CONFIG_INSTANCE_MAX + 8];
};

static bool wanted(const struct config *config)
{
    return config->state[0] != '\0' && strcmp(config->state, CONFIG_NO_STATE) != 0;
}

static const char *instance_of(const struct config *config)
{
    return config->instance[0] ? config->instance : CONFIG_INSTANCE_DEFAULT;
}

/* ---- where ---- */

static enum qw_error find_path(struct io_state *state, const struct config *config, struct io_error *error)
{
    char folder[PATH_MAX];
    enum qw_error code = state_folder(config->state, folder, error);
    if (code == QW_OK)
        snprintf(state->path, sizeof(state->path), "%s/%s.state", strcmp(folder, "/") == 0 ? "" : folder,
                 instance_of(config));
    return code;
}

/* ---- what was left ---- */

static enum qw_error open_before(struct io_state *state, const struct store_boot *boot,
                                 struct io_error *error)
{
    struct store_error why = {{0}};
    enum qw_error code = store_open(state->path, boot, &state->before, &why);
    if (code == QW_ERR_FULL)
        return io_fail(error, code, "state: %.440s", why.text);
    if (code != QW_OK && code != QW_ERR_NOT_FOUND)
        qw_log(QW_LOG_WARNING, "state: %s; no flow or mapping is taken over", why.text);
    return QW_OK;
}

/* That this process may run on: nothing else has to be done until all flows are there. */
static unsigned processors(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

static void take_over(const struct io_state *state, struct engine *engine, struct qw_time now)
{
    struct engine_recovery counts = {0};
    char text[REPORT_MAX];
    struct qw_time begun = io_now();
    if (!state->before)
        return;
    enum qw_error code = engine_recover(engine, state->before, now, processors(), &counts);
    if (code != QW_OK)
        qw_log(QW_LOG_ERROR, "state: not all of %s can be taken over: %s", state->path, qw_error_text(code));
    uint64_t ms = qw_time_since(io_now(), begun) / QW_NS_PER_MS;
    bool odd = io_state_report(&counts, state->path, ms, text, sizeof(text));
    qw_log(odd ? QW_LOG_WARNING : QW_LOG_INFO, "%s", text);
}

unsigned io_state_addresses(const struct config *config, struct qw_addr out[static NAT_ADDRESSES_MAX])
{
    struct io_state state = {0};
    struct store_error ignored;
    struct io_error error;
    struct nat_memory memory;
    struct store *left;
    struct stat status;
    unsigned count = 0;
    if (!wanted(config) || find_path(&state, config, &error) != QW_OK || lstat(state.path, &status) != 0 ||
        status.st_uid != geteuid() || store_look(state.path, &left, &ignored) != QW_OK)
        return 0;
    if (nat_memory_of(left, &memory))
        count = nat_memory_addresses(&memory, out);
    store_free(left);
    return count;
}

/* ---- what goes in its place ---- */

static enum qw_error make_store(struct io_state *state, const struct engine_options *options,
                                const struct store_boot *boot, struct io_error *error)
{
    struct store_part parts[STORE_PARTS_MAX];
    struct store_error why = {{0}};
    struct store_field fields[STORE_FIELDS_MAX];
    struct store_plan plan = {.parts = parts, .fields = fields, .secret = options->secret, .boot = *boot};
    plan.part_count = engine_parts(options, parts);
    plan.field_count = engine_fields(fields);
    enum qw_error code = store_create(state->path, &plan, &state->store, &why);
    if (code == QW_ERR_FULL)
        return io_fail(error, code, "state: %.440s", why.text);
    if (code != QW_OK)
        qw_log(QW_LOG_ERROR, "state: %s; flows and mappings will end with this process", why.text);
    return QW_OK;
}

/* What is left of an earlier process must not be there when the one after this one looks: it would be too
 * old. */
static enum qw_error put_in_place(struct io_state *state, struct io_error *error)
{
    struct store_error why = {{0}};
    if (!state->store) {
        if (state->before)
            unlink(state->path);
        return QW_OK;
    }
    enum qw_error code = store_publish(state->store, state->before, &why);
    return code == QW_OK ? QW_OK : io_fail(error, code, "state: %.440s", why.text);
}

/* ---- life ---- */

static void forget_before(struct io_state *state)
{
    store_free(state->before);
    state->before = NULL;
}

/* Hosts keep the addresses that they have. The header may be read while another process has the file. */
static void choose_secret(const struct io_state *state, struct engine_options *options)
{
    struct store *left;
    struct store_error ignored;
    options->secret = io_random_key();
    if (store_look(state->path, &left, &ignored) != QW_OK)
        return;
    options->secret = store_secret(left);
    store_free(left);
}

static enum qw_error make_engine(struct io_state *state, struct engine_options *options,
                                 struct engine **engine, struct io_error *error)
{
    enum qw_error code = make_store(state, options, &state->boot, error);
    options->store = state->store;
    return code == QW_OK ? engine_new(options, engine) : code;
}

/* A folder that is not there, or cannot be, costs the state and not the router. */
static bool goes_without(enum qw_error code, const struct io_error *error)
{
    if (code != QW_ERR_SYSTEM)
        return false;
    qw_log(QW_LOG_ERROR, "%s; flows and mappings will end with this process", error->text);
    return true;
}

static enum qw_error find(struct io_state **out, const struct config *config, struct io_error *error)
{
    if (!wanted(config))
        return QW_OK;
    struct io_state *state = calloc(1, sizeof(*state));
    if (!state)
        return QW_ERR_NO_MEMORY;
    enum qw_error code = find_path(state, config, error);
    if (code == QW_OK && !io_boot(&state->boot))
        code = io_fail(error, QW_ERR_SYSTEM, "state: the kernel does not tell which boot this is");
    if (code == QW_OK) {
        *out = state;
        return QW_OK;
    }
    free(state);
    return goes_without(code, error) ? QW_OK : code;
}

enum qw_error io_state_prepare(const struct engine_options *options, struct engine **engine,
                               struct io_state **out, struct io_error *error)
{
    struct engine_options chosen = *options;
    *engine = NULL;
    *out = NULL;
    chosen.secret = io_random_key();
    chosen.store = NULL;
    enum qw_error code = find(out, options->config, error);
    if (code == QW_OK && *out) {
        choose_secret(*out, &chosen);
        code = make_engine(*out, &chosen, engine, error);
    } else if (code == QW_OK)
        code = engine_new(&chosen, engine);
    if (code != QW_OK) {
        io_state_close(*out);
        *out = NULL;
    }
    return code;
}

enum qw_error io_state_take(struct io_state *state, struct engine *engine, struct qw_time now,
                            struct io_error *error)
{
    if (!state)
        return QW_OK;
    enum qw_error code = open_before(state, &state->boot, error);
    if (code != QW_OK)
        return code;
    take_over(state, engine, now);
    code = put_in_place(state, error);
    forget_before(state);
    return code;
}

enum qw_error io_state_start(const struct engine_options *options, struct engine **engine,
                             struct io_state **out, struct io_error *error)
{
    enum qw_error code = io_state_prepare(options, engine, out, error);
    if (code != QW_OK)
        return code;
    code = io_state_take(*out, *engine, options->now, error);
    if (code == QW_OK)
        return QW_OK;
    engine_free(*engine);
    io_state_close(*out);
    *engine = NULL;
    *out = NULL;
    return code;
}

void io_state_let_go(struct io_state *state)
{
    if (state && state->store)
        store_unlock(state->store);
}

void io_state_close(struct io_state *state)
{
    if (!state)
        return;
    forget_before(state);
    store_free(state->store);
    free(state);
}
