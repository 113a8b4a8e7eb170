#include "tests/unit/unit.h"

#include <stdbool.h>
#include <stdlib.h>

#include "shim/table_room.h"

static bool held, exhausted;
static unsigned allocations;

/* In the place of shim/locks.c. */
void lock_take(enum lock lock)
{
    assert_int_equal(lock, LOCK_KEYS);
    assert_false(held);
    held = true;
}

void lock_drop(enum lock lock)
{
    assert_int_equal(lock, LOCK_KEYS);
    assert_true(held);
    held = false;
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void __real_free(void *memory);
void __wrap_free(void *memory);

void *__wrap_calloc(size_t count, size_t size)
{
    assert_false(held);
    allocations++;
    return exhausted ? NULL : __real_calloc(count, size);
}

void __wrap_free(void *memory)
{
    assert_false(held);
    __real_free(memory);
}

static void nothing_is_allocated_under_the_lock(void **state)
{
    enum { N = 1000 };
    static struct table_node nodes[N];
    struct table table = {0};

    (void)state;
    allocations = 0;
    for (size_t i = 0; i < N; i++) {
        table_make_room(&table, LOCK_KEYS);
        assert_true(table.size > i);
        assert_int_equal(table_add(&table, &nodes[i], i), 0);
    }
    assert_int_equal(allocations, 7); /* 16, 32 ... 1024 */
    for (size_t i = 0; i < N; i++)
        assert_ptr_equal(table_first(&table, i), &nodes[i]);
    table_free(&table);
}

static void without_memory_it_goes_on_as_it_is(void **state)
{
    static struct table_node nodes[20];
    struct table table = {0};

    (void)state;
    exhausted = true;
    table_make_room(&table, LOCK_KEYS);
    assert_int_equal(table_add(&table, &nodes[0], 0), -1);
    exhausted = false;
    for (size_t i = 0; i < 20; i++) {
        table_make_room(&table, LOCK_KEYS);
        exhausted = true;
        assert_int_equal(table_add(&table, &nodes[i], i), 0);
    }
    exhausted = false;
    assert_int_equal(table.count, 20);
    assert_ptr_equal(table_first(&table, 19), &nodes[19]);
    table_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_allocated_under_the_lock),
        cmocka_unit_test(without_memory_it_goes_on_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
