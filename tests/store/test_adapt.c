/* Records of another layout, by their fields; and a file of layout 1, written byte by byte. */
#include "suite.h"
#include "suites.h"
#include <fcntl.h>
#include <quicward/store.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As an earlier program had it, and as this one has it: fields moved, one longer, one gone, one new. */
struct then {
    uint16_t count;
    uint8_t gone, kind;
    uint32_t spare;
    uint64_t id;
};

struct now {
    uint64_t id, count;
    uint8_t new, kind;
};

static const struct store_field THEN[] = {{"flows", "", 0, sizeof(struct then)},
                                          STORE_FIELD("flows", struct then, count),
                                          STORE_FIELD("flows", struct then, gone),
                                          STORE_FIELD("flows", struct then, kind),
                                          STORE_FIELD("flows", struct then, id),
                                          {"rules", "", 0, 8},
                                          {"rules", "all", 0, 8}};
static const struct store_field NOW[] = {{"flows", "", 0, sizeof(struct now)},
                                         STORE_FIELD("flows", struct now, id),
                                         STORE_FIELD("flows", struct now, count),
                                         STORE_FIELD("flows", struct now, new),
                                         STORE_FIELD("flows", struct now, kind),
                                         {"rules", "", 0, 8},
                                         {"rules", "all", 0, 8}};
static const struct store_form THEN_FORM = {THEN, sizeof(THEN) / sizeof(THEN[0])},
                               NOW_FORM = {NOW, sizeof(NOW) / sizeof(NOW[0])};
static const struct store_part PARTS[] = {{"flows.0", 64, sizeof(struct then), 5},
                                          {"flows.1", 64, sizeof(struct then), 3},
                                          {"rules", 0, 8, 2},
                                          {"other", 0, 24, 1}};

/* An earlier store with fields in its header, or without. */
static struct store *earlier(const struct store_form *form)
{
    const struct store_plan plan = {
        .parts = PARTS,
        .part_count = sizeof(PARTS) / sizeof(PARTS[0]),
        .fields = form ? form->fields : NULL,
        .field_count = form ? form->count : 0,
        .secret = {5, 6},
        .boot = {{1}},
    };
    struct store *store;
    struct store_region region;
    CU_ASSERT_EQUAL_FATAL(store_new(&plan, &store), QW_OK);
    for (unsigned part = 0; part < 2; part++) {
        CU_ASSERT_TRUE_FATAL(store_region(store, PARTS[part].name, &region));
        struct then *records = region.records;
        strcpy(region.head, part ? "one" : "zero");
        for (unsigned i = 0; i < region.count; i++)
            records[i] = (struct then){.count = (uint16_t)(65535 - i),
                                       .gone = 9,
                                       .kind = (uint8_t)(part + i),
                                       .id = UINT64_C(1) << (8 * i + part)};
    }
    CU_ASSERT_TRUE_FATAL(store_region(store, "rules", &region));
    memcpy(region.records, "webxxxxssh", 11);
    CU_ASSERT_TRUE_FATAL(store_region(store, "other", &region));
    memset(region.records, 7, 24);
    return store;
}

static void check_records(const struct store *store)
{
    struct store_region region;
    for (unsigned part = 0; part < 2; part++) {
        CU_ASSERT_TRUE_FATAL(store_region(store, PARTS[part].name, &region));
        const struct now *records = region.records;
        CU_ASSERT_EQUAL_FATAL(region.record_size, sizeof(struct now));
        CU_ASSERT_EQUAL_FATAL(region.count, PARTS[part].records);
        CU_ASSERT_STRING_EQUAL(region.head, part ? "one" : "zero");
        for (unsigned i = 0; i < region.count; i++) {
            CU_ASSERT_EQUAL(records[i].id, UINT64_C(1) << (8 * i + part));
            CU_ASSERT_EQUAL(records[i].count, 65535 - i);
            CU_ASSERT_EQUAL(records[i].kind, part + i);
            CU_ASSERT_EQUAL(records[i].new, 0);
        }
    }
    CU_ASSERT_TRUE_FATAL(store_region(store, "rules", &region));
    CU_ASSERT_EQUAL(memcmp(region.records, "webxxxxssh", 11), 0);
    CU_ASSERT_TRUE_FATAL(store_region(store, "other", &region));
    CU_ASSERT_EQUAL(((const uint8_t *)region.records)[23], 7);
    CU_ASSERT_EQUAL(store_secret(store).k0, 5);
}

static void fields_are_found_by_name(void)
{
    struct store *from = earlier(&THEN_FORM), *adapted;
    CU_ASSERT_EQUAL_FATAL(store_adapt(from, &NOW_FORM, NULL, &adapted), QW_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(adapted);
    check_records(adapted);
    struct store *again = from; /* what it made describes itself */
    CU_ASSERT_EQUAL(store_adapt(adapted, &NOW_FORM, NULL, &again), QW_OK);
    CU_ASSERT_PTR_NULL(again);
    store_free(adapted);
    store_free(from);
}

static void a_store_without_fields_has_the_first_ones(void)
{
    struct store *from = earlier(NULL), *adapted;
    CU_ASSERT_EQUAL_FATAL(store_adapt(from, &NOW_FORM, &THEN_FORM, &adapted), QW_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(adapted);
    check_records(adapted);
    store_free(adapted);
    CU_ASSERT_EQUAL(store_adapt(from, &THEN_FORM, &THEN_FORM, &adapted), QW_OK);
    CU_ASSERT_PTR_NULL(adapted); /* it is as wanted */
    store_free(from);
}

static void refused_with(struct store_field changed, unsigned index)
{
    struct store_field fields[sizeof(THEN) / sizeof(THEN[0])];
    const struct store_form form = {fields, THEN_FORM.count};
    struct store *adapted;
    memcpy(fields, THEN, sizeof(THEN));
    fields[index] = changed;
    struct store *from = earlier(&form);
    CU_ASSERT_EQUAL(store_adapt(from, &NOW_FORM, NULL, &adapted), QW_ERR_INVALID);
    CU_ASSERT_PTR_NULL(adapted);
    store_free(from);
}

/* They come from a file. */
static void descriptions_that_lie_are_refused(void)
{
    refused_with((struct store_field){"flows", "id", 9, 8}, 4);          /* beyond the record */
    refused_with((struct store_field){"flows", "id", UINT32_MAX, 8}, 4); /* a sum that overflows */
    refused_with((struct store_field){"flows", "id", 8, UINT32_MAX}, 4); /* likewise */
    refused_with((struct store_field){"flows", "id", 0, 0}, 4);          /* nothing */
    refused_with((struct store_field){"flows", "id", 0, 16}, 4);         /* longer than it may be */
    refused_with((struct store_field){"flows", "gone", 15, 2}, 2);       /* also of one that is left out */
}

/* ---- a file of layout 1 ---- */

enum { FILE_SIZE = 8192, HEADER_SIZE = 3144, CHECK_AT = 3136, PART_AT = 64, RECORDS_AT = 4096 + 64 };

static void put(uint8_t *at, uint64_t value, unsigned size)
{
    memcpy(at, &value, size); /* the file is of the machine that reads it */
}

/* A part of 5 flows. */
static void write_layout_1(const char *path)
{
    static uint8_t bytes[FILE_SIZE];
    const struct qw_hash_key known = {UINT64_C(0x7175696377617264), 1};
    memset(bytes, 0, sizeof(bytes));
    put(bytes, known.k0, 8);
    put(bytes + 8, 1, 4);
    put(bytes + 12, HEADER_SIZE, 4);
    put(bytes + 16, FILE_SIZE, 8);
    bytes[24] = 1; /* boot */
    put(bytes + 40, 5, 8);
    put(bytes + 48, 6, 8);
    put(bytes + 56, 1, 4);
    strcpy((char *)bytes + PART_AT, "flows.0");
    put(bytes + PART_AT + 16, 64, 4);
    put(bytes + PART_AT + 20, sizeof(struct then), 4);
    put(bytes + PART_AT + 24, 5, 8);
    put(bytes + CHECK_AT, qw_hash24(known, bytes + 8, CHECK_AT - 8), 8);
    put(bytes + RECORDS_AT + sizeof(struct then), 77, 2);
    put(bytes + RECORDS_AT + sizeof(struct then) + 8, 1234, 8);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CU_ASSERT_EQUAL_FATAL(write(file, bytes, sizeof(bytes)), (ssize_t)sizeof(bytes));
    close(file);
}

static void a_file_of_layout_1_is_read(void)
{
    char folder[] = "/tmp/quicward-store.XXXXXX", path[64];
    const struct store_boot boot = {{1}};
    struct store *store, *adapted;
    struct store_region region;
    struct store_error error;
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/state", folder);
    write_layout_1(path);
    CU_ASSERT_EQUAL_FATAL(store_open(path, &boot, &store, &error), QW_OK);
    CU_ASSERT_EQUAL(store_layout(store), 1);
    CU_ASSERT_EQUAL_FATAL(store_adapt(store, &NOW_FORM, &THEN_FORM, &adapted), QW_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(adapted);
    CU_ASSERT_EQUAL(store_layout(adapted), STORE_LAYOUT);
    CU_ASSERT_TRUE_FATAL(store_region(adapted, "flows.0", &region));
    CU_ASSERT_EQUAL(((const struct now *)region.records)[1].id, 1234);
    CU_ASSERT_EQUAL(((const struct now *)region.records)[1].count, 77);
    store_free(adapted);
    store_free(store);
    unlink(path);
    rmdir(folder);
}

void adapt_suite(void)
{
    static const struct test TESTS[] = {
        {"S1: fields of an earlier record are found by their names", fields_are_found_by_name},
        {"S1: a store without fields has those of layout 1", a_store_without_fields_has_the_first_ones},
        {"S1: fields that contradict their record are refused", descriptions_that_lie_are_refused},
        {"S1: a file of layout 1 is read", a_file_of_layout_1_is_read},
    };
    TEST_SUITE("store: other layouts", TESTS);
}
