/* Numbered datagrams of many flows, and the check that none overtook another of its flow. */
#ifndef TOOLS_SEQUENCE_H
#define TOOLS_SEQUENCE_H

#include <stddef.h>
#include <stdint.h>

#define SEQUENCE_FLOWS_MAX 1024
#define SEQUENCE_DATAGRAM 200 /* small, so that packets rather than bytes are the load */

struct sequence {
    uint64_t received, overtaken;
    uint32_t newest[SEQUENCE_FLOWS_MAX]; /* highest number met of each flow; numbers begin at 1 */
};

/* Writes datagram `number` of `flow`. */
void sequence_write(uint8_t out[SEQUENCE_DATAGRAM], uint32_t flow, uint32_t number);

/* Counts one that came in; others than ours are not counted. Lost ones are no fault here. */
void sequence_read(struct sequence *sequence, const uint8_t *datagram, size_t len);

#endif
