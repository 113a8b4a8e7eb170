#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "shim/table.h"

struct item {
    int number;
    struct table_node node;
    int visits;
};

static struct item *owner(struct table_node *node)
{
    return table_owner(node, struct item, node);
}

static struct item *look_up(const struct table *table, uint64_t hash, int number)
{
    struct table_node *node = table_first(table, hash);

    while (node != NULL && owner(node)->number != number)
        node = table_next(node);
    return node == NULL ? NULL : owner(node);
}

static int add(struct table *table, struct table_node *node, uint64_t hash)
{
    size_t size = table_wants(table);

    if (size != 0)
        free(table_rehash(table, calloc(size, sizeof(struct table_node *)), size));
    return table_add(table, node, hash);
}

static void an_empty_table_has_nothing(void **state)
{
    struct table table = {0};
    struct item item = {0};
    size_t bucket;

    (void)state;
    assert_null(table_first(&table, 0));
    assert_null(table_each(&table, &bucket, NULL));
    table_remove(&table, &item.node);
    assert_int_equal(table_add(&table, &item.node, 0), -1);
    assert_int_equal(table.count, 0);
    table_free(&table);
    table_free(&table);
}

static void equal_hashes_live_side_by_side(void **state)
{
    struct item items[100];
    struct table table = {0};

    (void)state;
    for (int i = 0; i < 100; i++) {
        items[i].number = i;
        assert_int_equal(add(&table, &items[i].node, 7), 0);
    }
    for (int i = 0; i < 100; i++)
        assert_ptr_equal(look_up(&table, 7, i), &items[i]);
    assert_null(look_up(&table, 7, 100));
    assert_null(table_first(&table, 7 + 16));
    assert_null(table_first(&table, 7 + 256));
    for (int i = 0; i < 100; i += 2)
        table_remove(&table, &items[i].node);
    assert_int_equal(table.count, 50);
    table_remove(&table, &items[0].node);
    assert_int_equal(table.count, 50);
    for (int i = 0; i < 100; i++)
        assert_ptr_equal(look_up(&table, 7, i), i % 2 == 0 ? NULL : &items[i]);
    table_free(&table);
    assert_int_equal(table.count, 0);
    assert_null(table_first(&table, 7));
}

static void neighbours_in_a_bucket_are_told_apart(void **state)
{
    struct item a = {.number = 1}, b = {.number = 2}, c = {.number = 3};
    struct table table = {0};

    (void)state;
    assert_int_equal(add(&table, &a.node, 1), 0);
    assert_int_equal(add(&table, &b.node, 1 + 16), 0);
    assert_int_equal(add(&table, &c.node, 1), 0);
    assert_ptr_equal(owner(table_first(&table, 17)), &b);
    assert_null(table_next(&b.node));
    assert_non_null(look_up(&table, 1, 1));
    assert_non_null(look_up(&table, 1, 3));
    table_remove(&table, &b.node);
    assert_null(table_first(&table, 17));
    table_remove(&table, &b.node);
    assert_int_equal(table.count, 2);
    table_free(&table);
}

static void it_grows_and_keeps_everything(void **state)
{
    enum { N = 20000 };
    struct item *items = calloc(N, sizeof *items);
    struct table table = {0};
    size_t bucket, visited = 0;

    (void)state;
    assert_non_null(items);
    for (int i = 0; i < N; i++) {
        items[i].number = i;
        assert_int_equal(add(&table, &items[i].node, table_hash(&i, sizeof i)), 0);
    }
    assert_int_equal(table.count, N);
    assert_true(table.size >= N / 2);
    for (int i = 0; i < N; i++)
        assert_ptr_equal(look_up(&table, table_hash(&i, sizeof i), i), &items[i]);
    for (struct table_node *node = table_each(&table, &bucket, NULL); node != NULL;
         node = table_each(&table, &bucket, node), visited++)
        assert_int_equal(owner(node)->visits++, 0);
    assert_int_equal(visited, N);
    table_free(&table);
    free(items);
}

static void what_was_visited_may_be_removed(void **state)
{
    enum { N = 1000 };
    static struct item items[N];
    struct table table = {0};
    struct table_node *node, *next;
    size_t bucket;
    int left = 0;

    (void)state;
    for (int i = 0; i < N; i++) {
        items[i].number = i;
        assert_int_equal(add(&table, &items[i].node, (uint64_t)i / 3), 0);
    }
    for (node = table_each(&table, &bucket, NULL); node != NULL; node = next) {
        next = table_each(&table, &bucket, node);
        owner(node)->visits++;
        if (owner(node)->number % 5 != 0)
            table_remove(&table, node);
    }
    for (int i = 0; i < N; i++) {
        assert_int_equal(items[i].visits, 1);
        assert_ptr_equal(look_up(&table, (uint64_t)i / 3, i), i % 5 == 0 ? &items[i] : NULL);
        left += i % 5 == 0;
    }
    assert_int_equal(table.count, left);
    table_free(&table);
}

static void it_can_be_used_again_when_freed(void **state)
{
    struct table table = {0};
    struct item item = {.number = 1};

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(add(&table, &item.node, UINT64_MAX), 0);
        assert_ptr_equal(look_up(&table, UINT64_MAX, 1), &item);
        table_free(&table);
    }
}

static void the_hash_depends_on_every_byte(void **state)
{
    unsigned char key[32] = {0};
    uint64_t plain = table_hash(key, sizeof key);

    (void)state;
    for (size_t i = 0; i < sizeof key; i++)
        for (int bit = 0; bit < 8; bit++) {
            key[i] ^= (unsigned char)(1 << bit);
            assert_true(table_hash(key, sizeof key) != plain);
            key[i] ^= (unsigned char)(1 << bit);
        }
    assert_true(table_hash(key, sizeof key) == plain);
    assert_true(table_hash(key, 31) != plain);
    assert_true(table_hash("", 0) != table_hash("", 1));
    assert_true(table_hash(NULL, 0) == table_hash("", 0));
}

static void low_bits_of_the_hash_spread(void **state)
{
    unsigned used[256] = {0}, most = 0;

    (void)state;
    for (uint32_t i = 0; i < 256 * 16; i++) {
        unsigned char key[32] = {0};
        unsigned bucket;

        memcpy(key + 28, &i, sizeof i);
        bucket = (unsigned)(table_hash(key, sizeof key) & 255);
        most = ++used[bucket] > most ? used[bucket] : most;
    }
    assert_in_range(most, 16, 48);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_table_has_nothing),
        cmocka_unit_test(equal_hashes_live_side_by_side),
        cmocka_unit_test(neighbours_in_a_bucket_are_told_apart),
        cmocka_unit_test(it_grows_and_keeps_everything),
        cmocka_unit_test(what_was_visited_may_be_removed),
        cmocka_unit_test(it_can_be_used_again_when_freed),
        cmocka_unit_test(the_hash_depends_on_every_byte),
        cmocka_unit_test(low_bits_of_the_hash_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
