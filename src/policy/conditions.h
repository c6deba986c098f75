/* The conditions that ask the ClientHello, for the table of all of them. */
#ifndef POLICY_CONDITIONS_H
#define POLICY_CONDITIONS_H

#include "rule.h"

/* What is wrong with a flow that should be QUIC. */
void condition_show_quic(const struct seen *seen, FILE *out);

/* `sni` and `sni_list` are one condition: a name of either has to match. */
bool hello_has_sni(const struct config_rule *rule);
enum answer hello_ask_sni(const struct rule *rule, struct seen *seen);
void hello_show_sni(const struct seen *seen, FILE *out);

bool hello_has_alpn(const struct config_rule *rule);
enum answer hello_ask_alpn(const struct rule *rule, struct seen *seen);
void hello_show_alpn(const struct seen *seen, FILE *out);

bool hello_has_ech(const struct config_rule *rule);
enum answer hello_ask_ech(const struct rule *rule, struct seen *seen);
void hello_show_ech(const struct seen *seen, FILE *out);

/* `readable`: QUIC only. A ClientHello without a name says nothing that a name could be asked of. */
bool hello_has_readable(const struct config_rule *rule);
enum answer hello_ask_readable(const struct rule *rule, struct seen *seen);
void hello_show_readable(const struct seen *seen, FILE *out);

#endif
