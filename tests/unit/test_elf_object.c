#include "tests/unit/unit.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#include "shim/elf_object.h"

int gnu_function(int number);
int sysv_function(int number);
int sysv_other(int number);

static void (*look)(const struct elf_object *object);
static const char *wanted; /* DT_SONAME; NULL: the main program */
static unsigned seen;

static int on_object(struct dl_phdr_info *info, size_t size, void *first)
{
    struct elf_object object;
    const char *soname;
    bool is_first = *(bool *)first;

    (void)size;
    *(bool *)first = false;
    if (!elf_object_read(&object, info))
        return 0;
    soname = elf_object_soname(&object);
    if (wanted == NULL ? is_first : soname != NULL && strcmp(soname, wanted) == 0) {
        seen++;
        look(&object);
    }
    return 0;
}

static void look_into(const char *soname, void (*what)(const struct elf_object *))
{
    bool first = true;

    wanted = soname;
    look = what;
    seen = 0;
    dl_iterate_phdr(on_object, &first);
    assert_int_equal(seen, 1);
}

static void look_at_gnu(const struct elf_object *object)
{
    assert_non_null(object->gnu_hash);
    assert_null(object->sysv_hash);
    assert_ptr_equal(elf_object_function(object, "gnu_function"),
                     dlsym(RTLD_DEFAULT, "gnu_function"));
    assert_ptr_equal(elf_object_function(object, "gnu_other"), dlsym(RTLD_DEFAULT, "gnu_other"));
    assert_null(elf_object_function(object, "gnu_hidden"));
    assert_null(elf_object_function(object, "gnu_data"));
    assert_null(elf_object_function(object, "gnu_functio"));
    assert_null(elf_object_function(object, "sysv_function"));
    assert_null(elf_object_function(object, ""));
}

static void look_at_sysv(const struct elf_object *object)
{
    assert_null(object->gnu_hash);
    assert_non_null(object->sysv_hash);
    assert_ptr_equal(elf_object_function(object, "sysv_function"),
                     dlsym(RTLD_DEFAULT, "sysv_function"));
    assert_ptr_equal(elf_object_function(object, "sysv_other"), dlsym(RTLD_DEFAULT, "sysv_other"));
    assert_null(elf_object_function(object, "sysv_hidden"));
    assert_null(elf_object_function(object, "sysv_data"));
    assert_null(elf_object_function(object, "sysv_function2"));
    /* This style lists what the object only imports as well. */
    assert_null(elf_object_function(object, "getenv"));
    assert_null(elf_object_function(object, "gnu_function"));
    assert_null(elf_object_function(object, ""));
}

static void functions_in_either_hash_table(void **state)
{
    (void)state;
    assert_int_equal(gnu_function(1) + sysv_function(1), 6);
    look_into("libelf_sample_gnu.so", look_at_gnu);
    look_into("libelf_sample_sysv.so", look_at_sysv);
}

static void look_at_libc(const struct elf_object *object)
{
    static const char *const names[] = {"getenv", "malloc", "write", "qsort", "dl_iterate_phdr"};

    for (size_t i = 0; i < COUNT(names); i++) {
        void *address = elf_object_function(object, names[i]);

        assert_non_null(address);
        assert_true(elf_object_contains(object, address));
    }
    assert_null(elf_object_function(object, "environ"));
    assert_null(elf_object_function(object, "zmq_bind"));
    assert_false(elf_object_contains(object, &look));
    assert_false(elf_object_contains(object, NULL));
    assert_false(elf_object_contains(object, (void *)object->end));
    assert_true(elf_object_contains(object, (void *)(object->end - 1)));
    assert_true(elf_object_contains(object, (void *)object->start));
    assert_false(elf_object_contains(object, (void *)(object->start - 1)));
}

static void functions_of_the_c_library(void **state)
{
    (void)state;
    look_into("libc.so.6", look_at_libc);
}

struct import {
    const char *name;
    void *value;
    unsigned count;
};

static void on_import(void *argument, const char *name, void *value)
{
    struct import *import = argument;

    if (strcmp(name, import->name) == 0) {
        import->value = value;
        import->count++;
    }
}

static void look_at_main(const struct elf_object *object)
{
    struct import function = {.name = "gnu_function"}, other = {.name = "gnu_other"};
    struct import pointer = {.name = "sysv_other"};

    elf_object_imports(object, on_import, &function);
    assert_int_equal(function.count, 1);
    assert_ptr_equal(function.value, dlsym(RTLD_DEFAULT, "gnu_function"));
    elf_object_imports(object, on_import, &other);
    assert_int_equal(other.count, 0);
    elf_object_imports(object, on_import, &pointer);
    assert_int_equal(pointer.count, 1);
    assert_ptr_equal(pointer.value, dlsym(RTLD_DEFAULT, "sysv_other"));
    assert_true(elf_object_needs(object, "libelf_sample_gnu.so"));
    assert_true(elf_object_needs(object, "libc.so.6"));
    assert_false(elf_object_needs(object, "libelf_sample_gnu"));
    assert_false(elf_object_needs(object, ""));
    assert_null(elf_object_soname(object));
    assert_null(elf_object_function(object, "gnu_function"));
}

static void imports_of_the_program(void **state)
{
    int (*volatile by_pointer)(int) = sysv_other;

    (void)state;
    /* Called once, it is bound. */
    assert_int_equal(gnu_function(1), 3);
    assert_int_equal(by_pointer(1), 1);
    look_into(NULL, look_at_main);
}

static void what_has_no_dynamic_section(void **state)
{
    const ElfW(Phdr) load = {.p_type = PT_LOAD, .p_vaddr = 0x1000, .p_memsz = 0x1000};
    const struct dl_phdr_info one = {.dlpi_name = "x", .dlpi_phdr = &load, .dlpi_phnum = 1};
    const struct dl_phdr_info none = {.dlpi_name = "x"};
    struct elf_object object;

    (void)state;
    assert_false(elf_object_read(&object, &one));
    assert_false(elf_object_read(&object, &none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_in_either_hash_table),
        cmocka_unit_test(functions_of_the_c_library),
        cmocka_unit_test(imports_of_the_program),
        cmocka_unit_test(what_has_no_dynamic_section),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
