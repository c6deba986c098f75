/* Flows in words. */
#include "entry.h"
#include "say.h"
#include "sides.h"
#include <string.h>

#define BLANKS " \t\n"

struct flow_reader {
    const struct config *config;
    struct policy_flow *flow;
    FILE *errors;
    char *rest; /* of flow->text */
    struct side from, to;
    unsigned given; /* bits of OPTIONS */
};

static char *next_word(struct flow_reader *reader)
{
    char *word = reader->rest + strspn(reader->rest, BLANKS);
    size_t len = strcspn(word, BLANKS);
    reader->rest = word + len;
    if (word[len] != '\0')
        *reader->rest++ = '\0';
    return len ? word : NULL;
}

/* Says `"WORD" what`, or what is missing at the end. False. */
static bool wrong(struct flow_reader *reader, const char *word, const char *what)
{
    if (word)
        say_text(reader->errors, word);
    else
        fputs("the description ends too early:", reader->errors);
    fprintf(reader->errors, " %s\n", what);
    return false;
}

static bool wrong_side(struct flow_reader *reader, const char *word)
{
    say_text(reader->errors, word);
    fputs(" is no address with a port and no interface; allowed: 192.0.2.1:443, [2001:db8::1]:443, ",
          reader->errors);
    side_say_allowed(reader->config, reader->errors);
    fputc('\n', reader->errors);
    return false;
}

/* [SIDE] ADDRESS:PORT */
static bool read_end(struct flow_reader *reader, struct side *side, struct qw_endpoint *endpoint,
                     enum qw_family *family)
{
    const char *word = next_word(reader);
    if (word && qw_endpoint_parse(word, endpoint, family))
        return true;
    if (word && !side_read(reader->config, word, side))
        return wrong_side(reader, word);
    if (word)
        word = next_word(reader);
    return (word && qw_endpoint_parse(word, endpoint, family)) ||
           wrong(reader, word,
                 "an address with its port is needed here, as 192.0.2.1:443 or [2001:db8::1]:443");
}

static bool read_ends(struct flow_reader *reader)
{
    struct qw_tuple *tuple = &reader->flow->facts.tuple;
    enum qw_family other;
    if (!read_end(reader, &reader->from, &tuple->src, &tuple->family))
        return false;
    const char *arrow = next_word(reader);
    if (!arrow || strcmp(arrow, "->") != 0)
        return wrong(reader, arrow, "an arrow is needed here: ->");
    if (!read_end(reader, &reader->to, &tuple->dst, &other))
        return false;
    if (other != tuple->family)
        return wrong(reader, "->", "stands between an IPv4 and an IPv6 address; allowed: two of one kind");
    return true;
}

/* ---- what the packets say ---- */

static bool read_yes(struct flow_reader *reader, const char *value, bool *out)
{
    *out = strcmp(value, "yes") == 0 || strcmp(value, "true") == 0;
    return *out || strcmp(value, "no") == 0 || strcmp(value, "false") == 0 ||
           wrong(reader, value, "is neither yes nor no");
}

static bool read_quic(struct flow_reader *reader, char *value)
{
    return read_yes(reader, value, &reader->flow->facts.quic);
}

static bool read_misshapen(struct flow_reader *reader, char *value)
{
    return read_yes(reader, value, &reader->flow->facts.misshapen);
}

static bool read_version(struct flow_reader *reader, char *value)
{
    return config_version_parse(value, &reader->flow->facts.version) ||
           wrong(reader, value, "is no QUIC version; allowed: v1, v2, or a number such as 0x1a2a3a4a");
}

static bool read_sni(struct flow_reader *reader, char *value)
{
    size_t len = strlen(value);
    reader->flow->hello.sni = (struct qw_bytes){(const uint8_t *)value, len};
    return len <= TLS_NAME_MAX || wrong(reader, value, "is longer than the 255 bytes of a server name");
}

static bool read_alpn(struct flow_reader *reader, char *value)
{
    struct tls_client_hello *hello = &reader->flow->hello;
    for (size_t len; *value; value += len + (value[len] == ',')) {
        len = strcspn(value, ",");
        if (hello->alpn_count == TLS_ALPN_MAX)
            return wrong(reader, value, "is one protocol too many: at most 64");
        hello->alpn[hello->alpn_count++] = (struct qw_bytes){(const uint8_t *)value, len};
    }
    return true;
}

static bool read_ech(struct flow_reader *reader, char *value)
{
    return read_yes(reader, value, &reader->flow->hello.ech);
}

static bool read_hello(struct flow_reader *reader, char *value)
{
    reader->flow->facts.hello_unreadable = true;
    return strcmp(value, "unreadable") == 0 ||
           wrong(reader, value, "is not known; allowed: hello=unreadable");
}

enum { QUIC, MISSHAPEN, VERSION, SNI, ALPN, ECH, HELLO, OPTION_COUNT };

static const struct {
    const char *name;
    bool (*read)(struct flow_reader *reader, char *value);
} OPTIONS[OPTION_COUNT] = {{"quic", read_quic},  {"misshapen", read_misshapen}, {"version", read_version},
                           {"sni", read_sni},    {"alpn", read_alpn},           {"ech", read_ech},
                           {"hello", read_hello}};

static bool read_option(struct flow_reader *reader, char *word)
{
    size_t len = strcspn(word, "=");
    for (unsigned i = 0; i < OPTION_COUNT && word[len] == '='; i++) {
        if (strlen(OPTIONS[i].name) != len || memcmp(OPTIONS[i].name, word, len) != 0)
            continue;
        if (reader->given & 1u << i)
            return wrong(reader, word, "is a second value; allowed: each once");
        reader->given |= 1u << i;
        return OPTIONS[i].read(reader, word + len + 1);
    }
    return wrong(reader, word,
                 "is not known; allowed: quic=, misshapen=, version=, sni=, alpn=, ech=, hello=");
}

static bool complete(struct flow_reader *reader)
{
    struct policy_facts *facts = &reader->flow->facts;
    bool read = reader->given & (1u << SNI | 1u << ALPN | 1u << ECH);
    bool needs_quic = reader->given & ~(1u << QUIC | 1u << MISSHAPEN);
    if (needs_quic && reader->given & 1u << QUIC && !facts->quic)
        return wrong(reader, "quic=no", "contradicts version, sni, alpn, ech and hello, which only QUIC has");
    if (read && facts->hello_unreadable)
        return wrong(reader, "hello=unreadable", "contradicts sni, alpn and ech, which are read there");
    reader->flow->sides_told = reader->from.where != SIDE_OPEN || reader->to.where != SIDE_OPEN;
    if (!sides_complete(reader->config, &reader->from, &reader->to))
        return wrong(reader, "->",
                     "stands between two ends on one side; allowed: one inside and one outside");
    facts->quic |= needs_quic;
    if (facts->quic && !(reader->given & 1u << VERSION))
        facts->version = CONFIG_VERSION_1;
    facts->hello = read ? &reader->flow->hello : NULL;
    facts->direction = reader->from.where == SIDE_INSIDE ? CONFIG_OUT : CONFIG_IN;
    facts->from_interface = reader->from.interface;
    facts->to_interface = reader->to.interface;
    facts->entry = entry_of(reader->config, facts);
    return true;
}

bool policy_flow_read(const struct config *config, const char *text, struct policy_flow *out, FILE *errors)
{
    struct flow_reader reader = {.config = config, .flow = out, .errors = errors, .rest = out->text};
    memset(out, 0, sizeof(*out));
    if (strlen(text) >= sizeof(out->text))
        return wrong(&reader, text, "is too long a description: at most 2047 bytes");
    memcpy(out->text, text, strlen(text));
    if (!read_ends(&reader))
        return false;
    for (char *word; (word = next_word(&reader));)
        if (!read_option(&reader, word))
            return false;
    return complete(&reader);
}
