/* The order in which the daemon starts, with rooms that only note what is asked of them. */
#include "daemon.h"
#include "feeder.h"
#include "suite.h"
#include <pthread.h>
#include <quicward/base/log.h>
#include <quicward/io.h>
#include <quicward/nat.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ADDRESS ((struct qw_addr){{[12] = 198, 51, 100, 7}})

static struct {
    char order[256];     /* what was started and stopped, a word each */
    bool held;           /* another daemon runs */
    bool address_known;  /* when the queues were bound */
    bool inside_known;   /* likewise: which networks are inside */
    bool queues_refused; /* they are not to be had */
} noted;

static void note(const char *what)
{
    size_t len = strlen(noted.order);
    snprintf(noted.order + len, sizeof(noted.order) - len, "%s ", what);
}

/* The linker has the rooms of the daemon call these (-Wl,--wrap). */
enum qw_error __wrap_io_instance_take(const struct config *config, int *out, struct io_error *error);
void __wrap_io_instance_release(int instance);
bool __wrap_io_instance_held(const struct config *config);
enum qw_error __wrap_io_handover_check(const struct config *config, struct io_error *error);
enum qw_error __wrap_io_handover_ask(const struct config *config, struct io_handover *out,
                                     struct io_error *error);
void __wrap_io_handover_close(struct io_handover *handed);
struct stand_in *__wrap_io_stand_in_start(const struct config *config);
void __wrap_io_stand_in_stop(struct stand_in *stand_in);
enum qw_error __wrap_io_helper_start(const struct config *config, struct io_helper **out,
                                     struct io_error *error);
void __wrap_io_helper_stop(struct io_helper *helper);
enum qw_error __wrap_io_privileges_drop(const struct config *config, struct io_error *error);
enum qw_error __wrap_io_filter_install(const struct config *config, struct io_error *error);
enum qw_error __wrap_io_keeper_start(const struct config *config, enum config_backend backend,
                                     struct io_keeper **out, struct io_error *error);
void __wrap_io_keeper_stop(struct io_keeper *keeper);
enum qw_error __wrap_io_inside_start(struct engine *engine, const struct config *config,
                                     struct io_inside **out, struct io_error *error);
void __wrap_io_inside_stop(struct io_inside *inside);
enum qw_error __wrap_io_watch_start(struct engine *engine, const struct config *config, struct io_watch **out,
                                    struct io_error *error);
void __wrap_io_watch_stop(struct io_watch *watch);
enum qw_error __wrap_io_queues_start(struct engine *engine, const struct config *config,
                                     const struct stand_in *stand_in, struct io_handover *handed,
                                     struct offload_pins *pins, struct io_queues **out,
                                     struct io_error *error);
void __wrap_io_queues_stop(struct io_queues *queues);
struct feeder *__wrap_feeder_start(struct io_queues *queues, unsigned first);
void __wrap_feeder_stop(struct feeder *feeder);
enum qw_error __wrap_control_server_start(const char *path, struct engine *engine, struct io_queues *queues,
                                          const struct control_handlers *handlers,
                                          struct control_server **out, struct io_error *error);
void __wrap_control_server_stop(struct control_server *server);
bool __wrap_control_server_is_followed(struct control_server *server);

enum qw_error __wrap_io_instance_take(const struct config *config, int *out, struct io_error *error)
{
    (void)config, (void)error;
    note("instance");
    *out = -1;
    return QW_OK;
}

void __wrap_io_instance_release(int instance)
{
    (void)instance;
    note("-instance");
}

bool __wrap_io_instance_held(const struct config *config)
{
    (void)config;
    return noted.held;
}

enum qw_error __wrap_io_handover_check(const struct config *config, struct io_error *error)
{
    (void)config, (void)error;
    return QW_OK;
}

enum qw_error __wrap_io_handover_ask(const struct config *config, struct io_handover *out,
                                     struct io_error *error)
{
    (void)config, (void)error;
    note("handover");
    *out = (struct io_handover){.instance = -1};
    return QW_OK;
}

void __wrap_io_handover_close(struct io_handover *handed)
{
    (void)handed;
}

struct stand_in *__wrap_io_stand_in_start(const struct config *config)
{
    (void)config;
    return NULL;
}

void __wrap_io_stand_in_stop(struct stand_in *stand_in)
{
    (void)stand_in;
}

enum qw_error __wrap_io_helper_start(const struct config *config, struct io_helper **out,
                                     struct io_error *error)
{
    (void)config, (void)error;
    *out = NULL;
    return QW_OK;
}

void __wrap_io_helper_stop(struct io_helper *helper)
{
    (void)helper;
}

enum qw_error __wrap_io_privileges_drop(const struct config *config, struct io_error *error)
{
    (void)config, (void)error;
    return QW_OK;
}

enum qw_error __wrap_io_filter_install(const struct config *config, struct io_error *error)
{
    (void)config, (void)error;
    return QW_OK;
}

enum qw_error __wrap_io_keeper_start(const struct config *config, enum config_backend backend,
                                     struct io_keeper **out, struct io_error *error)
{
    (void)config, (void)backend, (void)error;
    note("rules");
    *out = NULL;
    return QW_OK;
}

void __wrap_io_keeper_stop(struct io_keeper *keeper)
{
    (void)keeper;
    note("-rules");
}

enum qw_error __wrap_io_inside_start(struct engine *engine, const struct config *config,
                                     struct io_inside **out, struct io_error *error)
{
    (void)engine, (void)config, (void)error;
    note("inside");
    *out = NULL;
    return QW_OK;
}

void __wrap_io_inside_stop(struct io_inside *inside)
{
    (void)inside;
    note("-inside");
}

enum qw_error __wrap_io_watch_start(struct engine *engine, const struct config *config, struct io_watch **out,
                                    struct io_error *error)
{
    (void)config, (void)error;
    note("watch");
    const struct qw_addr address = ADDRESS;
    engine_set_external_of(engine, 0, &address, io_now());
    *out = NULL;
    return QW_OK;
}

void __wrap_io_watch_stop(struct io_watch *watch)
{
    (void)watch;
    note("-watch");
}

enum qw_error __wrap_io_queues_start(struct engine *engine, const struct config *config,
                                     const struct stand_in *stand_in, struct io_handover *handed,
                                     struct offload_pins *pins, struct io_queues **out,
                                     struct io_error *error)
{
    struct qw_addr known[NAT_ADDRESSES_MAX];
    const struct qw_addr address = ADDRESS;
    (void)config, (void)stand_in, (void)handed, (void)pins;
    noted.address_known = engine_addresses(engine, known) == 1 && qw_addr_equal(&known[0], &address);
    noted.inside_known = strstr(noted.order, "inside ") != NULL;
    note("queues");
    *out = NULL;
    if (noted.queues_refused)
        snprintf(error->text, sizeof(error->text), "refused");
    return noted.queues_refused ? QW_ERR_SYSTEM : QW_OK;
}

void __wrap_io_queues_stop(struct io_queues *queues)
{
    (void)queues;
    note("-queues");
}

struct feeder *__wrap_feeder_start(struct io_queues *queues, unsigned first)
{
    (void)queues, (void)first;
    return (struct feeder *)&noted;
}

void __wrap_feeder_stop(struct feeder *feeder)
{
    (void)feeder;
}

enum qw_error __wrap_control_server_start(const char *path, struct engine *engine, struct io_queues *queues,
                                          const struct control_handlers *handlers,
                                          struct control_server **out, struct io_error *error)
{
    (void)path, (void)engine, (void)queues, (void)handlers, (void)error;
    note("control");
    *out = NULL;
    return QW_OK;
}

void __wrap_control_server_stop(struct control_server *server)
{
    (void)server;
    note("-control");
}

bool __wrap_control_server_is_followed(struct control_server *server)
{
    (void)server;
    return false;
}

static atomic_int reloads; /* that are under way */
static atomic_bool mixed;
static atomic_uint reloaded;

enum qw_error __real_engine_reload(struct engine *engine, const struct config *config, FILE *errors);
enum qw_error __wrap_engine_reload(struct engine *engine, const struct config *config, FILE *errors);

/* Long enough for another thread to come, if nothing holds it. */
enum qw_error __wrap_engine_reload(struct engine *engine, const struct config *config, FILE *errors)
{
    if (atomic_fetch_add(&reloads, 1) != 0)
        atomic_store(&mixed, true);
    for (unsigned i = 0; i < 10; i++)
        sched_yield();
    enum qw_error result = __real_engine_reload(engine, config, errors);
    atomic_fetch_add(&reloaded, result == QW_OK);
    atomic_fetch_sub(&reloads, 1);
    return result;
}

/* ---- tests ---- */

static char path[] = "/tmp/quicward-start-XXXXXX";

static void make_file(void)
{
    static const char TEXT[] =
        "mode = \"nat\"; inside = [\"lan0\"]; outside = [\"wan0\"];\n"
        "nat = { external = \"auto\"; }; flows = { max = 1024; handshakes = 16; };\n"
        "secret = \"none\"; state = \"none\"; manage_rules = false; log = \"error\";\n";
    int fd = mkstemp(path);
    if (fd < 0 || write(fd, TEXT, sizeof(TEXT) - 1) != (ssize_t)sizeof(TEXT) - 1 || close(fd) != 0)
        exit(1);
}

static void begin(bool held, bool refused)
{
    memset(&noted, 0, sizeof(noted));
    noted.held = held;
    noted.queues_refused = refused;
}

/* A packet that came before would find no address, and tell its sender that nobody is there. */
static void address_before_queues(void)
{
    struct daemon daemon;
    begin(false, false);
    CU_ASSERT_TRUE_FATAL(daemon_start(&daemon, path, false));
    CU_ASSERT_TRUE(noted.address_known);
    CU_ASSERT_TRUE(noted.inside_known);
    CU_ASSERT_STRING_EQUAL(noted.order, "instance rules inside watch queues control ");
    noted.order[0] = '\0';
    daemon_stop(&daemon);
    CU_ASSERT_STRING_EQUAL(noted.order, "-control -queues -watch -inside -rules -instance ");
}

static void take_over_likewise(void)
{
    struct daemon daemon;
    begin(true, false);
    CU_ASSERT_TRUE_FATAL(daemon_start(&daemon, path, true));
    CU_ASSERT_TRUE(noted.address_known);
    CU_ASSERT_TRUE(noted.inside_known);
    CU_ASSERT_STRING_EQUAL(noted.order, "handover inside watch queues rules control ");
    daemon_stop(&daemon);
}

static void failure_is_undone(void)
{
    struct daemon daemon;
    begin(false, true);
    qw_log_set_level(QW_LOG_ERROR);
    CU_ASSERT_FALSE(daemon_start(&daemon, path, false));
    CU_ASSERT_STRING_EQUAL(noted.order,
                           "instance rules inside watch queues -watch -inside -rules -instance ");
}

static void *reload_often(void *daemon)
{
    for (unsigned i = 0; i < 3; i++)
        daemon_reload(daemon, NULL);
    return NULL;
}

/* As by SIGHUP and by `quicward reload`. */
static void reloads_wait_for_each_other(void)
{
    struct daemon daemon;
    pthread_t thread;
    begin(false, false);
    CU_ASSERT_TRUE_FATAL(daemon_start(&daemon, path, false));
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, reload_often, &daemon), 0);
    reload_often(&daemon);
    pthread_join(thread, NULL);
    CU_ASSERT_FALSE(atomic_load(&mixed));
    CU_ASSERT_EQUAL(atomic_load(&reloaded), 6);
    daemon_stop(&daemon);
}

int main(void)
{
    static const struct test TESTS[] = {
        {"N11 S5: the external address is known before the queues are bound", address_before_queues},
        {"N11 S1: likewise when another daemon hands over", take_over_likewise},
        {"S5: a start that fails is undone in reverse", failure_is_undone},
        {"S2: of two reloads at once one waits for the other", reloads_wait_for_each_other},
    };
    make_file();
    TEST_SUITE("start", TESTS);
    int status = test_main();
    unlink(path);
    return status;
}
