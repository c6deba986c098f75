/* What of the router around it mode nat depends on, and nobody would tell when it is not so. */
#ifndef QUICWARD_IO_SETUP_ADVICE_H
#define QUICWARD_IO_SETUP_ADVICE_H

#include <quicward/config.h>
#include <quicward/nat.h>

/* Logs it. `address` is the one of external = "auto", zero for none; `ports` are those that the router has.
 */
void setup_advice(const struct config *config, const struct qw_addr *address,
                  const uint64_t ports[static QW_PORT_WORDS]);

/* Of that what a reload may have made so: forwards of ports that a program of the router has. */
void setup_advice_forwards(const struct config *config, const struct qw_addr *address,
                           const uint64_t ports[static QW_PORT_WORDS]);

#endif
