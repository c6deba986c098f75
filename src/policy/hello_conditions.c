#include "conditions.h"
#include "say.h"
#include <string.h>

/* For conditions that need it: whether it can be asked now. */
static enum answer when_read(const struct seen *seen)
{
    return seen->hello == HELLO_READ ? ANSWER_YES : seen->hello == HELLO_LATER ? ANSWER_LATER : ANSWER_NO;
}

/* What stands in the way of reading it; false when nothing does. */
static bool show_no_hello(const struct seen *seen, FILE *out)
{
    if (!seen->quic)
        condition_show_quic(seen, out);
    else if (seen->hello == HELLO_NEVER)
        fputs("no ClientHello can be read", out);
    else if (seen->hello == HELLO_LATER)
        fputs("the ClientHello is not there yet", out);
    return seen->hello != HELLO_READ;
}

bool hello_has_sni(const struct config_rule *rule)
{
    return rule->sni.count > 0 || rule->sni_list.count > 0;
}

enum answer hello_ask_sni(const struct rule *rule, struct seen *seen)
{
    enum answer answer = when_read(seen);
    size_t probes = 0;
    if (answer != ANSWER_YES)
        return answer;
    if (!seen->asked_names)
        names_query(seen->policy->secret, seen->policy->depth, seen->facts->hello->sni, &seen->query);
    seen->asked_names = true;
    if (rule->sni && names_match(rule->sni, &seen->query, &probes))
        return ANSWER_YES;
    for (unsigned i = 0; i < rule->config->sni_list.count; i++)
        if (names_match(rule->lists[i], &seen->query, &probes))
            return ANSWER_YES;
    return ANSWER_NO;
}

void hello_show_sni(const struct seen *seen, FILE *out)
{
    if (show_no_hello(seen, out))
        return;
    const struct tls_client_hello *hello = seen->facts->hello;
    fputs(hello->ech ? "the public name is " : "the name is ", out);
    if (hello->sni.len == 0)
        fputs("not given", out);
    else
        say_bytes(out, hello->sni, TLS_NAME_MAX);
}

bool hello_has_alpn(const struct config_rule *rule)
{
    return rule->alpn.count > 0;
}

static bool is_text(struct qw_bytes bytes, const char *text)
{
    return strlen(text) == bytes.len && memcmp(bytes.data, text, bytes.len) == 0;
}

enum answer hello_ask_alpn(const struct rule *rule, struct seen *seen)
{
    const struct config_texts *wanted = &rule->config->alpn;
    enum answer answer = when_read(seen);
    if (answer != ANSWER_YES)
        return answer;
    for (unsigned i = 0; i < wanted->count; i++)
        for (unsigned j = 0; j < seen->facts->hello->alpn_count; j++)
            if (is_text(seen->facts->hello->alpn[j], wanted->list[i]))
                return ANSWER_YES;
    return ANSWER_NO;
}

void hello_show_alpn(const struct seen *seen, FILE *out)
{
    if (show_no_hello(seen, out))
        return;
    const struct tls_client_hello *hello = seen->facts->hello;
    fputs(hello->alpn_count ? "offered is" : "none is offered", out);
    for (unsigned i = 0; i < hello->alpn_count; i++) {
        fputs(i ? ", " : " ", out);
        say_bytes(out, hello->alpn[i], TLS_NAME_MAX);
    }
}

bool hello_has_ech(const struct config_rule *rule)
{
    return rule->ech != CONFIG_EITHER;
}

enum answer hello_ask_ech(const struct rule *rule, struct seen *seen)
{
    enum answer answer = when_read(seen);
    if (answer == ANSWER_YES && (rule->config->ech == CONFIG_YES) != seen->facts->hello->ech)
        return ANSWER_NO;
    return answer;
}

void hello_show_ech(const struct seen *seen, FILE *out)
{
    if (!show_no_hello(seen, out))
        fprintf(out, "the ClientHello %s it", seen->facts->hello->ech ? "offers" : "does not offer");
}

bool hello_has_readable(const struct config_rule *rule)
{
    return rule->readable != CONFIG_EITHER;
}

enum answer hello_ask_readable(const struct rule *rule, struct seen *seen)
{
    if (!seen->quic)
        return ANSWER_NO;
    if (seen->hello == HELLO_LATER)
        return ANSWER_LATER;
    bool readable = seen->hello == HELLO_READ && seen->facts->hello->sni.len > 0;
    return readable == (rule->config->readable == CONFIG_YES) ? ANSWER_YES : ANSWER_NO;
}

void hello_show_readable(const struct seen *seen, FILE *out)
{
    hello_show_sni(seen, out);
}
