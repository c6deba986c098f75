/* A link against a Redis that this test plays itself: it answers as told, not at all, or nonsense. */
#include "link.h"
#include "peers.h"
#include "suite.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct heard {
    unsigned ups, downs, replies;
    uint64_t last_tag;
    enum link_reply_kind kind;
    char bytes[64];
} heard;

static void up(void *context)
{
    (void)context;
    heard.ups++;
}

static void down(void *context)
{
    (void)context;
    heard.downs++;
}

static void reply(void *context, uint64_t tag, const struct link_reply *got)
{
    (void)context;
    heard.replies++;
    heard.last_tag = tag;
    heard.kind = got->kind;
    snprintf(heard.bytes, sizeof heard.bytes, "%.*s", (int)got->len, got->len ? got->bytes : "");
}

struct stage {
    char folder[64], path[100];
    int listener, client;
    struct store_link *link;
    struct qw_time now;
};

static void begin(struct stage *stage, const char *user, const char *password)
{
    const struct link_hears hears = {.up = up, .down = down, .reply = reply};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *stage = (struct stage){.folder = "/tmp/quicward-link.XXXXXX", .client = -1, .now = {QW_NS_PER_SECOND}};
    memset(&heard, 0, sizeof heard);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(stage->folder));
    snprintf(stage->path, sizeof stage->path, "%s/redis", stage->folder);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", stage->path);
    stage->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    CU_ASSERT_EQUAL_FATAL(bind(stage->listener, (struct sockaddr *)&address, sizeof address), 0);
    CU_ASSERT_EQUAL_FATAL(listen(stage->listener, 8), 0);
    stage->link = link_new(stage->path, user, password, &hears);
    CU_ASSERT_PTR_NOT_NULL_FATAL(stage->link);
}

static void end(struct stage *stage)
{
    link_free(stage->link);
    if (stage->client >= 0)
        close(stage->client);
    close(stage->listener);
    unlink(stage->path);
    rmdir(stage->folder);
}

static void step(struct stage *stage, uint64_t ms)
{
    stage->now.ns += ms * QW_NS_PER_MS;
    link_step(stage->link, true, stage->now);
}

/* The link comes in; what it says first. */
static const char *accept_link(struct stage *stage)
{
    static char said[512];
    if (stage->client >= 0)
        close(stage->client);
    stage->client = accept4(stage->listener, NULL, NULL, SOCK_CLOEXEC);
    CU_ASSERT_FATAL(stage->client >= 0);
    ssize_t len = read(stage->client, said, sizeof said - 1);
    said[len > 0 ? len : 0] = '\0';
    return said;
}

static void answer(struct stage *stage, const char *text)
{
    CU_ASSERT_EQUAL(write(stage->client, text, strlen(text)), (ssize_t)strlen(text));
    step(stage, 1);
}

static void let_in(struct stage *stage)
{
    step(stage, 1);
    accept_link(stage);
    answer(stage, "+PONG\r\n");
    CU_ASSERT_TRUE(link_is_up(stage->link) && !link_is_down(stage->link));
}

static bool get(struct stage *stage, uint64_t tag)
{
    const char *words[] = {"GET", "x"};
    return link_send(stage->link, tag, 2, words, NULL, stage->now);
}

static void replies_come_in_order(void)
{
    struct stage stage;
    begin(&stage, "", "");
    CU_ASSERT_FALSE(get(&stage, 1)); /* not up yet */
    let_in(&stage);
    CU_ASSERT_EQUAL(heard.ups, 1);
    for (uint64_t tag = 10; tag < 10 + LINK_WINDOW; tag++)
        CU_ASSERT_TRUE(get(&stage, tag));
    CU_ASSERT_FALSE(get(&stage, 0)); /* the window is full */
    CU_ASSERT_EQUAL(link_waiting(stage.link), LINK_WINDOW);
    answer(&stage, "$3\r\nabc\r\n");
    CU_ASSERT_TRUE(heard.last_tag == 10 && heard.kind == LINK_BYTES && strcmp(heard.bytes, "abc") == 0);
    answer(&stage, "$-1\r\n-OOM no\r\n");
    CU_ASSERT_TRUE(heard.last_tag == 12 && heard.kind == LINK_REFUSED && strcmp(heard.bytes, "OOM no") == 0);
    answer(&stage, ":5\r\n+O");
    CU_ASSERT_TRUE(heard.last_tag == 13 && heard.kind == LINK_FINE);
    answer(&stage, "K\r\n");
    CU_ASSERT_EQUAL(heard.last_tag, 14);
    CU_ASSERT_EQUAL(heard.downs, 0);
    end(&stage);
}

static void a_login_that_fails_is_no_connection(void)
{
    struct stage stage;
    begin(&stage, "qw", "secret");
    step(&stage, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(accept_link(&stage), "AUTH\r\n$2\r\nqw\r\n$6\r\nsecret"));
    answer(&stage, "-WRONGPASS invalid\r\n");
    CU_ASSERT_TRUE(link_is_down(stage.link) && !link_is_up(stage.link));
    CU_ASSERT_STRING_EQUAL(link_error(stage.link), "WRONGPASS invalid");
    step(&stage, 99); /* not yet */
    CU_ASSERT_EQUAL(link_fd(stage.link), -1);
    step(&stage, 100);
    accept_link(&stage);
    answer(&stage, "+OK\r\n");
    CU_ASSERT_FALSE(link_is_up(stage.link)); /* PING is not answered yet */
    answer(&stage, "+PONG\r\n");
    CU_ASSERT_TRUE(link_is_up(stage.link));
    CU_ASSERT_EQUAL(heard.downs, 0);
    end(&stage);
}

static void silence_is_given_up(void)
{
    struct stage stage;
    begin(&stage, "", "");
    let_in(&stage);
    step(&stage, 5000); /* nothing is waited for */
    CU_ASSERT_TRUE(link_is_up(stage.link));
    get(&stage, 7);
    step(&stage, 999);
    CU_ASSERT_TRUE(link_is_up(stage.link));
    step(&stage, 1);
    CU_ASSERT_TRUE(!link_is_up(stage.link) && link_is_down(stage.link));
    CU_ASSERT_EQUAL(heard.downs, 1);
    CU_ASSERT_EQUAL(link_waiting(stage.link), 0);
    step(&stage, 100); /* it comes again, and hangs before it lets us in */
    accept_link(&stage);
    CU_ASSERT_TRUE(link_is_down(stage.link));
    step(&stage, 1000);
    CU_ASSERT_EQUAL(link_fd(stage.link), -1);
    end(&stage);
}

static void nonsense_ends_it(void)
{
    static const char *const NONSENSE[] = {"?\r\n", "+WHO ASKED\r\n"};
    for (unsigned i = 0; i < 2; i++) {
        struct stage stage;
        begin(&stage, "", "");
        let_in(&stage);
        answer(&stage, NONSENSE[i]);
        CU_ASSERT_FALSE(link_is_up(stage.link));
        CU_ASSERT_EQUAL(heard.downs, 1);
        CU_ASSERT_EQUAL(heard.replies, 0);
        end(&stage);
    }
}

static void pauses_grow_and_end(void)
{
    struct stage stage;
    uint64_t wanted[] = {100, 200, 400, 800, 1600, 3200, 5000, 5000};
    begin(&stage, "", "");
    close(stage.listener);
    unlink(stage.path);
    stage.listener = -1;
    step(&stage, 0);
    for (unsigned i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        CU_ASSERT_TRUE(link_is_down(stage.link));
        CU_ASSERT_EQUAL(link_fd(stage.link), -1);
        step(&stage, wanted[i]);
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(link_error(stage.link), "No such file"));
    end(&stage);
}

void suite_link(void)
{
    static const struct test TESTS[] = {
        {"K2: replies come in order, a window of them at most", replies_come_in_order},
        {"K2: a wrong password is said, and tried again later", a_login_that_fails_is_no_connection},
        {"K2: a Redis that hangs is given up after a second", silence_is_given_up},
        {"K2 S7: so is one that sends nonsense", nonsense_ends_it},
        {"K2: attempts become rarer, up to one in five seconds", pauses_grow_and_end},
    };
    if (link_available())
        TEST_SUITE("link", TESTS);
}
