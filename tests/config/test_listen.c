/* Places to listen at. */
#include "load_text.h"
#include "suite.h"
#include "suites.h"
#include <stdio.h>
#include <string.h>

static void expect_endpoint(const char *text, const char *endpoint)
{
    struct config_listen listen;
    char got[QW_ENDPOINT_TEXT_MAX];
    CU_ASSERT_TRUE_FATAL(config_listen_parse(text, &listen));
    CU_ASSERT_EQUAL(listen.kind, CONFIG_LISTEN_ADDRESS);
    CU_ASSERT_STRING_EQUAL(qw_endpoint_text(&listen.endpoint, listen.family, got), endpoint);
}

static void test_forms(void)
{
    struct config_listen listen;
    expect_endpoint("9477", "127.0.0.1:9477");
    expect_endpoint("65535", "127.0.0.1:65535");
    expect_endpoint("192.0.2.1:1", "192.0.2.1:1");
    expect_endpoint("0.0.0.0:80", "0.0.0.0:80");
    expect_endpoint("[2001:db8::1]:9477", "[2001:db8::1]:9477");
    CU_ASSERT_TRUE(config_listen_parse("off", &listen) && listen.kind == CONFIG_LISTEN_OFF);
    CU_ASSERT_TRUE(config_listen_parse("/run/q.sock", &listen) && listen.kind == CONFIG_LISTEN_PATH);
    CU_ASSERT_TRUE(config_listen_parse("*:9477", &listen) && listen.kind == CONFIG_LISTEN_ALL);
    CU_ASSERT_EQUAL(listen.endpoint.port, 9477);
}

/* Nothing but an address that is written so is more than the loopback one. */
static void test_refused(void)
{
    static const char *const WRONG[] = {"",          "on",
                                        "0",         "65536",
                                        "-1",        " 9477",
                                        "9477 ",     "09477",
                                        ":9477",     "*",
                                        "*:0",       "*:",
                                        "*9477",     "localhost:9477",
                                        "192.0.2.1", "192.0.2.1:",
                                        "::1:9477",  "192.0.2.1:0",
                                        "[::1]",     "run/x.sock",
                                        "/run/",     "99999999999999999999"};
    for (unsigned i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        struct config_listen listen = {.kind = CONFIG_LISTEN_OFF};
        char message[400];
        CU_ASSERT_FALSE(config_listen_parse(WRONG[i], &listen));
        snprintf(
            message, sizeof message,
            "x.conf:5: metrics = \"%s\" is no place to listen at; allowed: \"off\", "
            "a port (on 127.0.0.1), \"ADDRESS:PORT\", \"[IPV6]:PORT\", \"*:PORT\" for all addresses, or the "
            "absolute path of a socket\n",
            WRONG[i]);
        struct loaded loaded = load_more("metrics = \"%s\";", WRONG[i]);
        CU_ASSERT_STRING_EQUAL(loaded.messages, message);
        loaded_free(&loaded);
    }
    char path[CONFIG_PATH_MAX + 1];
    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    struct config_listen listen;
    CU_ASSERT_FALSE(config_listen_parse(path, &listen));
    path[sizeof path - 2] = '\0';
    CU_ASSERT_TRUE(config_listen_parse(path, &listen));
}

void register_listen(void)
{
    static const struct test TESTS[] = {
        {"O5: where metrics are served: forms, and loopback where no address is written", test_forms},
        {"O5: what is no place to listen at is refused, quoted", test_refused},
    };
    TEST_SUITE("config: listen", TESTS);
}
