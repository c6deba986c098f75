/* Mode nat: what stands where default_in does otherwise, as far as a configuration alone can tell. */
#ifndef QUICWARD_POLICY_ENTRY_H
#define QUICWARD_POLICY_ENTRY_H

#include <quicward/policy.h>

/* For a flow of strangers: POLICY_BY_DEFAULT where nothing is translated. */
enum policy_entry entry_of(const struct config *config, const struct policy_facts *facts);

/* Is the flow's destination that of a forward? */
bool entry_is_forward(const struct config *config, const struct policy_facts *facts);

/* What decides so, and for whom it is otherwise. */
void entry_say(const struct config *config, const struct policy_facts *facts, FILE *out);

#endif
