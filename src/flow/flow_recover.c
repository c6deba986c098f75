/* A whole region of an earlier process. */
#include "flow_table.h"

void flow_continue_ids(struct flow_table *table, const struct store_region *memory)
{
    const struct flow_head *head = memory->head;
    uint64_t next = memory->head_size < sizeof *head ? 0 : head->next_id;
    if (next <= table->first_id || next >= FLOW_ID_MAX)
        return;
    uint64_t steps = (next - table->first_id + table->id_step - 1) / table->id_step;
    table_skip_ids(table, table->first_id + steps * table->id_step);
}

static void find_table(const struct flow_taker *taker, struct flow_offer *offer, unsigned index,
                       const struct flow *record)
{
    offer->record = *record;
    offer->record.key = table_clean_key(&record->key);
    offer->table = NULL;
    offer->flow = NULL;
    offer->refused = false;
    taker->choose(taker->context, offer, index);
    if (offer->table)
        flow_fetch_index(offer->table, offer->hash);
}

static void adopt(const struct flow_taker *taker, struct flow_offer *offer, struct qw_time now,
                  struct flow_recovery *counts)
{
    if (!offer->table) {
        counts->refused++;
        return;
    }
    if (taker->turn)
        taker->turn(taker->context, offer);
    counts->results[flow_adopt_own(offer->table, &offer->record, offer->hash, now, &offer->flow)]++;
}

static void give_up(const struct flow_taker *taker, const struct flow_offer *offer,
                    struct flow_recovery *counts)
{
    if (taker->turn)
        taker->turn(taker->context, offer);
    table_remove(offer->table, offer->flow);
    counts->results[FLOW_ADOPTED]--;
    counts->refused++;
}

static void take(const struct flow_taker *taker, struct flow_offer *offers, unsigned count,
                 struct qw_time now, struct flow_recovery *counts)
{
    for (unsigned i = 0; i < count; i++)
        adopt(taker, &offers[i], now, counts);
    if (!taker->taken)
        return;
    taker->taken(taker->context, offers, count);
    for (unsigned i = 0; i < count; i++)
        if (offers[i].flow && offers[i].refused)
            give_up(taker, &offers[i], counts);
}

bool flow_recover(const struct store_region *memory, const struct flow_taker *taker, struct qw_time now,
                  struct flow_recovery *counts)
{
    const struct flow *records = memory->records;
    struct flow_offer offers[FLOW_OFFERS];
    if (memory->record_size != sizeof *records)
        return false;
    for (uint64_t slot = 0; slot < memory->count;) {
        unsigned count = 0;
        for (; slot < memory->count && count < FLOW_OFFERS; slot++)
            if (records[slot].id != 0) {
                find_table(taker, &offers[count], count, &records[slot]);
                count++;
            }
        take(taker, offers, count, now, counts);
    }
    return true;
}
