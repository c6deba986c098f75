#include "sequence.h"

#include <quicward/base/bytes.h>

#define MARK 0x0177 /* the first bit clear: no long header */

void sequence_write(uint8_t out[SEQUENCE_DATAGRAM], uint32_t flow, uint32_t number)
{
    struct qw_writer w = qw_writer(out, SEQUENCE_DATAGRAM);
    qw_put_u16(&w, MARK);
    qw_put_u32(&w, flow);
    qw_put_u32(&w, number);
    qw_put_zeros(&w, SEQUENCE_DATAGRAM - qw_written(&w));
}

void sequence_read(struct sequence *sequence, const uint8_t *datagram, size_t len)
{
    struct qw_reader r = qw_reader(datagram, len);
    uint16_t mark = qw_u16(&r);
    uint32_t flow = qw_u32(&r), number = qw_u32(&r);
    if (r.bad || mark != MARK || flow >= SEQUENCE_FLOWS_MAX)
        return;
    sequence->received++;
    if (number <= sequence->newest[flow])
        sequence->overtaken++;
    else
        sequence->newest[flow] = number;
}
