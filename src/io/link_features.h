/* Offloads of an interface, as ethtool tells them. */
#ifndef QUICWARD_IO_LINK_FEATURES_H
#define QUICWARD_IO_LINK_FEATURES_H

#include <quicward/survey.h>

/* Fills the offloads of every interface. What the kernel does not tell stays SURVEY_UNKNOWN. */
void link_features_ask(struct survey *survey);

/* One offload of one interface: 1 on, 0 off, or SURVEY_UNKNOWN. */
int link_feature(const char *interface, const char *feature);

#endif
