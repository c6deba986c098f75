/* What the walk does in mode nat alone. */
#ifndef ENGINE_MAPPING_H
#define ENGINE_MAPPING_H

#include "walk.h"

/* ---- who is meant (address.c) ---- */

/* Is the packet one that may have to be translated? */
bool walk_maps(const struct walk *w);

/* What lets a flow from outside in, when no rule does. */
enum policy_entry walk_entry(const struct walk *w);

/* ---- what it is called outside (mapping.c) ---- */

/* The mapping for a new flow, held when the packet comes from inside; *mapping stays 0 outside of mode nat.
 */
struct step walk_open_session(struct walk *w, nat_external *mapping);

/* The flow table has no room: in mode nat the inside sender is told. */
struct step walk_refuse_full(struct walk *w);

/* It goes out by the flow's mapping. */
struct step walk_leave(struct walk *w);

/* ---- the bytes (translate.c) ---- */

/* The second part of a hairpin's way. */
struct step walk_turn(struct walk *w);

/* Writes w->change into the packet. */
void walk_translate(const struct walk *w);

#endif
