#include "ndpi.h"
#include "measure.h"
#include <ndpi_api.h>
#include <stdlib.h>
#include <string.h>

static struct ndpi_detection_module_struct *new_module(void)
{
    NDPI_PROTOCOL_BITMASK all;
    struct ndpi_detection_module_struct *module = ndpi_init_detection_module(ndpi_no_prefs);
    bench_require(module != NULL, "ndpi_init_detection_module");
    NDPI_BITMASK_SET_ALL(all);
    ndpi_set_protocol_detection_bitmask2(module, &all);
    ndpi_finalize_initialization(module);
    return module;
}

/* nDPI keeps no table: finding the flow of a packet is left to its caller, and is not counted here. */
double ndpi_round(const struct initials *set)
{
    struct ndpi_detection_module_struct *module = new_module();
    size_t size = ndpi_detection_get_sizeof_ndpi_flow_struct();
    struct ndpi_flow_struct *flow = malloc(size);
    unsigned named = 0;
    bench_require(flow != NULL, "memory for nDPI's flow");
    uint64_t began = bench_now();
    for (uint32_t i = 0; i < INITIALS; i++) {
        memset(flow, 0, size);
        ndpi_detection_process_packet(module, flow, set->packet[i], INITIAL_PACKET_LEN, 1000);
        named += strcmp(flow->host_server_name, INITIAL_NAME) == 0;
        ndpi_free_flow_data(flow);
    }
    uint64_t took = bench_now() - began;
    bench_require(named == INITIALS, "nDPI reads every name");
    free(flow);
    ndpi_exit_detection_module(module);
    return (double)took / INITIALS;
}
