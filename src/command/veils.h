/* What those without the right see of addresses and names, one of it for each thread that shows them. */
#ifndef COMMAND_VEILS_H
#define COMMAND_VEILS_H

#include <quicward/control.h>

/* NULL: all is in the clear. */
struct veils {
    struct control_veil *shown;   /* by the control socket */
    struct control_veil *written; /* to where events go */
    struct control_veil *logged;
};

/* Makes what `anonymise` of the configuration says, with its key, which is made when it is missing. False,
 * after a line in the log and with nothing made. */
bool veils_make(const struct config *config, struct veils *out);
void veils_free(struct veils *veils);

#endif
