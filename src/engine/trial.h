/* What steps do otherwise for a packet that is only told. */
#ifndef ENGINE_TRIAL_H
#define ENGINE_TRIAL_H

#include "walk.h"

/* The facts with what the packet is claimed to say. */
struct policy_facts trial_facts(const struct walk *w, struct policy_facts facts);

/* Keeps what the rules are asked with. */
void trial_note(const struct walk *w, const struct policy_facts *facts);

#endif
