/* W5: ECH (RFC 9849 5), supported_versions (RFC 8446 4.2.1), and the fields and extensions around them. */
#include "make.h"
#include "suite.h"
#include "suites.h"
#include <string.h>

struct offer {
    const char *extensions; /* hexadecimal */
    enum qw_error error;
    bool ech, tls13;
};

static void expect(const struct offer *offers, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct tls_client_hello read;
        CU_ASSERT_EQUAL(read_extensions(offers[i].extensions, &read), offers[i].error);
        CU_ASSERT_EQUAL(read.ech, offers[i].ech);
        CU_ASSERT_EQUAL(read.tls13, offers[i].tls13);
        CU_ASSERT_TRUE(offers[i].error == QW_OK || is_blank(&read));
    }
}
#define EXPECT(offers) expect(offers, sizeof(offers) / sizeof((offers)[0]))

static void ech(void)
{
    static const struct offer OFFERS[] = {
        {"fe0d 000d 00 00010001 2a 0002 eeee 0001 dd", QW_OK, true, false},
        {"fe0d 000b 00 00010001 2a 0000 0001 dd", QW_OK, true, false}, /* after a HelloRetryRequest */
        {"fe0d 0001 01", QW_OK, false, false},                         /* inner */
        {"fe0c 0001 00", QW_OK, false, false},                         /* another extension */
        {"fe0d 0000", QW_ERR_MALFORMED, false, false},
        {"fe0d 0001 00", QW_ERR_MALFORMED, false, false},
        {"fe0d 0001 02", QW_ERR_MALFORMED, false, false},                               /* no such type */
        {"fe0d 0002 01 00", QW_ERR_MALFORMED, false, false},                            /* inner is empty */
        {"fe0d 000a 00 00010001 2a 0000 0000", QW_ERR_MALFORMED, false, false},         /* no payload */
        {"fe0d 000d 00 00010001 2a 0003 eeee 0001 dd", QW_ERR_MALFORMED, false, false}, /* enc too long */
        {"fe0d 000d 00 00010001 2a 0002 eeee 0002 dd", QW_ERR_MALFORMED, false, false}, /* payload too long */
        {"fe0d 000e 00 00010001 2a 0002 eeee 0001 ddff", QW_ERR_MALFORMED, false, false}, /* byte behind it */
        {"fe0d 000d 00 00010001 2a ffff eeee 0001 dd", QW_ERR_MALFORMED, false, false},
    };
    EXPECT(OFFERS);
}

/* With ECH the SNI that is read is the public name, and GREASE extensions on all sides change nothing. */
static void ech_with_grease(void)
{
    struct tls_client_hello read;
    CU_ASSERT_EQUAL(read_extensions("1a1a 0000"
                                    "fe0d 000d 00 00010001 2a 0002 eeee 0001 dd"
                                    "0000 0008 0006 00 0003 612e62"
                                    "0010 0008 0006 02 caca 02 6833"
                                    "002b 0007 06 baba 0304 0303"
                                    "4a4a 0001 00",
                                    &read),
                    QW_OK);
    CU_ASSERT_TRUE(read.ech);
    CU_ASSERT_TRUE(read.tls13);
    CU_ASSERT_TRUE(text_is(read.sni, "a.b"));
    CU_ASSERT_TRUE(alpn_is(&read, "h3"));
}

static void versions(void)
{
    static const struct offer OFFERS[] = {
        {"002b 0003 02 0304", QW_OK, false, true},
        {"002b 0005 04 0303 0304", QW_OK, false, true},
        {"002b 0003 02 0303", QW_OK, false, false},
        {"002b 0003 02 3a3a", QW_OK, false, false},
        {"002b 0000", QW_ERR_MALFORMED, false, false},
        {"002b 0001 00", QW_ERR_MALFORMED, false, false},          /* empty list */
        {"002b 0004 03 0304 03", QW_ERR_MALFORMED, false, false},  /* half a version */
        {"002b 0003 04 0304", QW_ERR_MALFORMED, false, false},     /* list past its extension */
        {"002b 0005 02 0304 0303", QW_ERR_MALFORMED, false, false} /* list too short */
    };
    EXPECT(OFFERS);
}

static void blocks(void)
{
    static const struct offer OFFERS[] = {
        {"", QW_OK, false, false},
        {"1234 0000", QW_OK, false, false},
        {"1234 0003 616263", QW_OK, false, false},
        {"1234 0000 1235 0000", QW_OK, false, false},
        {"1234 0000 1634 0000 1274 0000 fe34 0000", QW_OK, false, false}, /* alike in some bits */
        {"1634 0000 1234 0000 1634 0000", QW_ERR_MALFORMED, false, false},
        {"1234 0000 1234 0000", QW_ERR_MALFORMED, false, false}, /* twice, and nothing we know */
        {"1234 0000 ffff 0000 1234 0000", QW_ERR_MALFORMED, false, false},
        {"12", QW_ERR_MALFORMED, false, false},
        {"1234", QW_ERR_MALFORMED, false, false},
        {"1234 00", QW_ERR_MALFORMED, false, false},
        {"1234 0001", QW_ERR_MALFORMED, false, false},
        {"002b 0003 02 0304 1234 0001", QW_ERR_MALFORMED, false, false},
    };
    EXPECT(OFFERS);
}

/* Each of the 4,000 types once, then the last one again. */
static void thousands(void)
{
    static uint8_t extensions[4 * 4001];
    for (unsigned i = 0; i < 4001; i++) {
        unsigned type = 0x8000 + (i < 4000 ? i : 3999);
        extensions[4 * i] = (uint8_t)(type >> 8);
        extensions[4 * i + 1] = (uint8_t)type;
    }
    struct tls_client_hello read;
    CU_ASSERT_EQUAL(tls_client_hello(make_hello(extensions, 4 * 4000), &read), QW_OK);
    CU_ASSERT_EQUAL(tls_client_hello(make_hello(extensions, 4 * 4001), &read), QW_ERR_MALFORMED);
}

/* One field before the extensions changed, the message otherwise as it was. */
struct field {
    size_t at;
    uint8_t value;
    enum qw_error error;
};

static void fixed_fields(void)
{
    static const struct field FIELDS[] = {
        {4, 0xff, QW_OK},             /* legacy_version says nothing */
        {38, 33, QW_ERR_MALFORMED},   /* legacy_session_id over 32 bytes */
        {38, 255, QW_ERR_MALFORMED},  /* and past the end */
        {40, 0, QW_ERR_MALFORMED},    /* no cipher suite */
        {40, 1, QW_ERR_MALFORMED},    /* half a cipher suite */
        {39, 0xff, QW_ERR_MALFORMED}, /* cipher suites past the end */
        {43, 0, QW_ERR_MALFORMED},    /* no compression method */
        {43, 255, QW_ERR_MALFORMED},  /* past the end */
        {46, 0, QW_ERR_MALFORMED},    /* extension block shorter than what is there */
        {46, 255, QW_ERR_MALFORMED},  /* and longer */
        {45, 0xff, QW_ERR_MALFORMED},
    };
    static const uint8_t UNKNOWN[200] = {0x12, 0x34, 0, 196};
    for (unsigned i = 0; i < sizeof FIELDS / sizeof FIELDS[0]; i++) {
        uint8_t message[300];
        struct qw_bytes made = make_hello(UNKNOWN, sizeof UNKNOWN);
        memcpy(message, made.data, made.len);
        message[FIELDS[i].at] = FIELDS[i].value;
        struct tls_client_hello read;
        CU_ASSERT_EQUAL(tls_client_hello(make_copy(message, made.len), &read), FIELDS[i].error);
    }
}

/* A message without extensions whose three vectors have these lengths, all in their places. */
static enum qw_error read_vectors(uint8_t session_id, uint16_t suites, uint8_t compression)
{
    uint8_t message[1000];
    struct qw_writer w = qw_writer(message, sizeof message);
    qw_put_u32(&w, 0x01000000);
    qw_put_zeros(&w, 2 + 32); /* legacy_version and random */
    qw_put_u8(&w, session_id);
    qw_put_zeros(&w, session_id);
    qw_put_u16(&w, suites);
    qw_put_zeros(&w, suites);
    qw_put_u8(&w, compression);
    qw_put_zeros(&w, compression);
    set_message_length(message, qw_written(&w));
    struct tls_client_hello read;
    return tls_client_hello(make_copy(message, qw_written(&w)), &read);
}

static void vectors(void)
{
    for (unsigned len = 0; len < 256; len++) {
        uint8_t byte = (uint8_t)len;
        CU_ASSERT_EQUAL(read_vectors(byte, 2, 1), len <= 32 ? QW_OK : QW_ERR_MALFORMED);
        CU_ASSERT_EQUAL(read_vectors(0, byte, 1), len > 0 && len % 2 == 0 ? QW_OK : QW_ERR_MALFORMED);
        CU_ASSERT_EQUAL(read_vectors(0, 2, byte), len > 0 ? QW_OK : QW_ERR_MALFORMED);
    }
}

static const struct test TESTS[] = {
    {"W5: ECH of type outer is told from inner and from nonsense", ech},
    {"W5: ECH among GREASE", ech_with_grease},
    {"W5: supported_versions", versions},
    {"W5: unknown extensions, extensions twice, blocks cut off", blocks},
    {"W5: thousands of extensions", thousands},
    {"W5: lying lengths before the extensions", fixed_fields},
    {"W5: bounds of session ID, cipher suites and compression methods", vectors},
};

void extensions_suite(void)
{
    TEST_SUITE("tls: extensions", TESTS);
}
