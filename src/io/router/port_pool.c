#include "port_pool.h"

struct qw_port_count port_pool_left(const uint64_t pool[static QW_PORT_WORDS],
                                    const uint64_t router[static QW_PORT_WORDS])
{
    uint64_t left[QW_PORT_WORDS];
    for (unsigned word = 0; word < QW_PORT_WORDS; word++)
        left[word] = pool[word] & ~router[word];
    return qw_ports_count(left);
}
