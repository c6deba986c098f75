/* W5: server_name (RFC 6066 3) and ALPN (RFC 7301 3.1), name by name. */
#include "make.h"
#include "suite.h"
#include "suites.h"
#include <stdio.h>
#include <string.h>

struct names {
    const char *extensions; /* hexadecimal */
    enum qw_error error;
    const char *sni, *alpn;
};

static void expect(const struct names *names, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct tls_client_hello read;
        CU_ASSERT_EQUAL(read_extensions(names[i].extensions, &read), names[i].error);
        CU_ASSERT_TRUE(text_is(read.sni, names[i].sni));
        CU_ASSERT_TRUE(alpn_is(&read, names[i].alpn));
        CU_ASSERT_TRUE(names[i].error == QW_OK || is_blank(&read));
    }
}
#define EXPECT(names) expect(names, sizeof(names) / sizeof((names)[0]))

static void server_names(void)
{
    static const struct names NAMES[] = {
        {"", QW_OK, "", ""},
        {"0000 0008 0006 00 0003 612e62", QW_OK, "a.b", ""},
        {"0000 000c 000a 07 0001 78 00 0003 612e62", QW_OK, "a.b", ""}, /* another type before */
        {"0000 000c 000a 00 0003 612e62 07 0001 78", QW_OK, "a.b", ""}, /* and behind */
        {"0000 0005 0003 07 0000", QW_OK, "", ""},                      /* and alone */
    };
    EXPECT(NAMES);
}

static void bad_server_names(void)
{
    static const struct names NAMES[] = {
        {"0000 0000", QW_ERR_MALFORMED, "", ""},
        {"0000 0001 00", QW_ERR_MALFORMED, "", ""},
        {"0000 0006 0004 00 0001 61 0000 0006 0004 00 0001 62", QW_ERR_MALFORMED, "",
         ""}, /* the extension twice */
        {"0000 0006 0004 00 0001 61 1234 0000 0000 0006 0004 00 0001 61", QW_ERR_MALFORMED, "", ""},
        {"0000 0002 0000", QW_ERR_MALFORMED, "", ""},                   /* empty list */
        {"0000 0005 0003 00 0000", QW_ERR_MALFORMED, "", ""},           /* empty name */
        {"0000 0008 0006 00 0003 610062", QW_ERR_MALFORMED, "", ""},    /* NUL inside */
        {"0000 0006 0004 00 0001 00", QW_ERR_MALFORMED, "", ""},        /* nothing but NUL */
        {"0000 0007 0005 00 0002 6100", QW_ERR_MALFORMED, "", ""},      /* NUL behind */
        {"0000 0008 0006 00 0004 612e62", QW_ERR_MALFORMED, "", ""},    /* name past its list */
        {"0000 0008 0007 00 0003 612e62", QW_ERR_MALFORMED, "", ""},    /* list past its extension */
        {"0000 0008 0005 00 0003 612e62", QW_ERR_MALFORMED, "", ""},    /* list too short */
        {"0000 0009 0006 00 0003 612e62 00", QW_ERR_MALFORMED, "", ""}, /* byte behind the list */
        {"0000 0009 0007 00 0003 612e62 00", QW_ERR_MALFORMED, "", ""}, /* half a name behind */
        {"0000 0009 0006 00 0003 612e62", QW_ERR_MALFORMED, "", ""},    /* extension past its block */
        {"0000 ffff ffff 00 ffff 612e62", QW_ERR_MALFORMED, "", ""},
        {"0000 000c 000a 00 0001 61 00 0003 612e62", QW_ERR_MALFORMED, "", ""}, /* two host names */
        {"0000 0006 0004 00 0001 61 0000 0006 0004 00 0001 61", QW_ERR_MALFORMED, "", ""}, /* twice */
    };
    EXPECT(NAMES);
}

/* A server_name of one host name of `len` times "a". */
static enum qw_error read_long(size_t len, struct tls_client_hello *read)
{
    uint8_t name[512], extension[600];
    memset(name, 'a', sizeof name);
    struct qw_writer w = qw_writer(extension, sizeof extension);
    qw_put_u16(&w, 0);
    qw_put_u16(&w, (uint16_t)(len + 5));
    qw_put_u16(&w, (uint16_t)(len + 3));
    qw_put_u8(&w, 0);
    qw_put_u16(&w, (uint16_t)len);
    qw_put(&w, name, len);
    return tls_client_hello(make_hello(extension, qw_written(&w)), read);
}

static void longest_names(void)
{
    struct tls_client_hello read;
    CU_ASSERT_EQUAL(read_long(255, &read), QW_OK);
    CU_ASSERT_EQUAL(read.sni.len, 255);
    CU_ASSERT_EQUAL(read_long(256, &read), QW_ERR_MALFORMED);
    CU_ASSERT_TRUE(is_blank(&read));
    CU_ASSERT_EQUAL(read_long(512, &read), QW_ERR_MALFORMED);
}

static void protocols(void)
{
    static const struct names NAMES[] = {
        {"0010 0005 0003 02 6833", QW_OK, "", "h3"},
        {"0010 0008 0006 02 6833 02 6832", QW_OK, "", "h3,h2"},
        {"0010 0008 0006 02 6833 02 6833", QW_OK, "", "h3,h3"},
    };
    EXPECT(NAMES);
    struct tls_client_hello read; /* unlike a host name, these may be any bytes */
    CU_ASSERT_EQUAL(read_extensions("0010 0004 0002 01 00", &read), QW_OK);
    CU_ASSERT_EQUAL(read.alpn_count, 1);
    CU_ASSERT_EQUAL(read.alpn[0].len, 1);
}

static void bad_protocols(void)
{
    static const struct names NAMES[] = {
        {"0010 0000", QW_ERR_MALFORMED, "", ""},
        {"0010 0002 0000", QW_ERR_MALFORMED, "", ""},            /* empty list */
        {"0010 0003 0001 00", QW_ERR_MALFORMED, "", ""},         /* empty name */
        {"0010 0006 0004 02 6833 00", QW_ERR_MALFORMED, "", ""}, /* empty name behind */
        {"0010 0005 0003 03 6833", QW_ERR_MALFORMED, "", ""},    /* name past its list */
        {"0010 0005 0004 02 6833", QW_ERR_MALFORMED, "", ""},    /* list past its extension */
        {"0010 0005 0002 02 6833", QW_ERR_MALFORMED, "", ""},    /* list too short */
        {"0010 0006 0003 02 6833 02", QW_ERR_MALFORMED, "", ""}, /* byte behind the list */
        {"0010 0005 0003 02 6833 0010 0005 0003 02 6833", QW_ERR_MALFORMED, "", ""}, /* twice */
        {"0000 0006 0004 00 0001 61 0010 0003 0001 ff", QW_ERR_MALFORMED, "", ""}, /* the SNI goes with it */
    };
    EXPECT(NAMES);
}

/* RFC 8701 2: sixteen values, and what only resembles them. */
static void grease_protocols(void)
{
    static const struct names NAMES[] = {
        {"0010 0008 0006 02 0a0a 02 6833", QW_OK, "", "h3"},
        {"0010 0008 0006 02 6833 02 fafa", QW_OK, "", "h3"},
        {"0010 0005 0003 02 7a7a", QW_OK, "", ""},
        {"0010 0005 0003 02 7a6a", QW_OK, "", "zj"},
        {"0010 0005 0003 02 7979", QW_OK, "", "yy"},
        {"0010 0004 0002 01 7a", QW_OK, "", "z"},
        {"0010 0006 0004 03 7a7a7a", QW_OK, "", "zzz"},
    };
    EXPECT(NAMES);
}

/* An ALPN extension of `count` protocols, all "a", and `last` behind them, as hex. */
static enum qw_error read_many(unsigned count, const char *last, struct tls_client_hello *read)
{
    char hex[1200];
    size_t bytes = 2 * count + strlen(last) / 2;
    int len = snprintf(hex, sizeof hex, "0010%04zx%04zx", bytes + 2, bytes);
    for (unsigned i = 0; i < count; i++)
        len += snprintf(hex + len, sizeof hex - (size_t)len, "0161");
    snprintf(hex + len, sizeof hex - (size_t)len, "%s", last);
    return read_extensions(hex, read);
}

static void many_protocols(void)
{
    struct tls_client_hello read;
    CU_ASSERT_EQUAL(read_many(TLS_ALPN_MAX - 1, "027979", &read), QW_OK);
    CU_ASSERT_EQUAL(read.alpn_count, TLS_ALPN_MAX);
    CU_ASSERT_TRUE(text_is(read.alpn[TLS_ALPN_MAX - 1], "yy"));
    CU_ASSERT_FALSE(read.alpn_more);
    /* GREASE takes no place and is not "more" */
    CU_ASSERT_EQUAL(read_many(TLS_ALPN_MAX, "022a2a", &read), QW_OK);
    CU_ASSERT_EQUAL(read.alpn_count, TLS_ALPN_MAX);
    CU_ASSERT_FALSE(read.alpn_more);
    CU_ASSERT_EQUAL(read_many(TLS_ALPN_MAX, "027979", &read), QW_OK);
    CU_ASSERT_EQUAL(read.alpn_count, TLS_ALPN_MAX);
    CU_ASSERT_TRUE(read.alpn_more);
}

static const struct test TESTS[] = {
    {"W5: host names, none, and names of other types", server_names},
    {"W5: SNI empty, with NUL, twice, or with lying lengths", bad_server_names},
    {"W5: host names of 255 and 256 bytes", longest_names},
    {"W5: ALPN names in their order", protocols},
    {"W5: ALPN empty, twice, or with lying lengths", bad_protocols},
    {"W5: GREASE in ALPN is left out", grease_protocols},
    {"W5: more ALPN names than are kept", many_protocols},
};

void names_suite(void)
{
    TEST_SUITE("tls: names", TESTS);
}
