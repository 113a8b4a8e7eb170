#include "shim/check_object.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim/check_copy.h"
#include "shim/check_elf.h"

/* Far more than any real object; a broken file may name millions. */
#define NEEDED_MAX 512

const char *check_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

static char *copied(const char *text)
{
    return text != NULL ? check_format("%s", text) : NULL;
}

static char *tag_text(const struct check_elf *elf, int64_t tag)
{
    uint64_t value;

    return check_elf_first(elf, tag, &value) ? copied(check_elf_string(elf, value)) : NULL;
}

static enum check_form form_of(const struct check_elf *elf)
{
    uint64_t flags = 0;

    if (elf->type != ET_EXEC && elf->type != ET_DYN)
        return FORM_OTHER;
    check_elf_first(elf, DT_FLAGS_1, &flags);
    if (elf->interpreter != NULL)
        /* Some libraries (libc itself) can be run as well; they have a soname. */
        return elf->type == ET_DYN && (flags & DF_1_PIE) == 0 &&
                       check_elf_first(elf, DT_SONAME, &flags)
                   ? FORM_LIBRARY
                   : FORM_PROGRAM;
    return elf->type == ET_EXEC || (flags & DF_1_PIE) != 0 || elf->dynamic_count == 0
               ? FORM_STATIC
               : FORM_LIBRARY;
}

static void read_imports(struct check_object *object, const struct check_elf *elf)
{
    struct check_elf_symbol symbol;

    for (uint64_t i = 0; i < elf->symbol_count; i++) {
        if (!check_elf_symbol(elf, i, &symbol) || symbol.defined)
            continue;
        if (strncmp(symbol.name, "zmq_", 4) == 0)
            object->imports++;
        else if (strcmp(symbol.name, "dlsym") == 0 || strcmp(symbol.name, "dlvsym") == 0)
            object->imports_dlsym = true;
        else if (strcmp(symbol.name, "dlopen") == 0)
            object->imports_dlopen = true;
        else if (strncmp(symbol.name, "JLI_", 4) == 0)
            object->jvm = true;
    }
}

static void read_needed(struct check_object *object, const struct check_elf *elf)
{
    uint64_t index = 0, value;
    const char *name;

    while (check_count(object->needed) < NEEDED_MAX &&
           check_elf_tag(elf, DT_NEEDED, &value, &index))
        if ((name = check_elf_string(elf, value)) != NULL)
            check_add_text(object->needed, name);
}

static bool is_symbolic(const struct check_elf *elf)
{
    uint64_t value;

    return (check_elf_first(elf, DT_FLAGS, &value) && (value & DF_SYMBOLIC) != 0) ||
           check_elf_first(elf, DT_SYMBOLIC, &value);
}

bool check_object_read(struct check_object *object, const char *path,
                       const struct check_bytes *bytes)
{
    struct check_elf elf;

    memset(object, 0, sizeof *object);
    if (!check_bytes_begin(bytes, ELFMAG))
        return false;
    object->path = copied(path);
    object->needed = check_array_new();
    if (!check_elf_open(&elf, bytes)) {
        object->form = FORM_BROKEN;
        return true;
    }
    object->wide = elf.wide;
    object->big = elf.big;
    object->machine = elf.machine;
    object->form = form_of(&elf);
    if (object->form == FORM_OTHER)
        return true;
    object->interpreter = copied(elf.interpreter);
    object->soname = tag_text(&elf, DT_SONAME);
    object->rpath = tag_text(&elf, DT_RPATH);
    object->runpath = tag_text(&elf, DT_RUNPATH);
    object->symbolic = is_symbolic(&elf);
    object->is_shim = object->form == FORM_LIBRARY &&
                      strncmp(check_base_name(object->soname != NULL ? object->soname : path),
                              "libcurveshim", 12) == 0;
    read_needed(object, &elf);
    read_imports(object, &elf);
    object->go =
        check_elf_section(&elf, ".go.buildinfo") || check_elf_section(&elf, ".note.go.buildid");
    /* In halves for the same reason as libzmq's texts. */
    if (object->go) {
        char module[64];

        snprintf(module, sizeof module, "%s%s", "github.com/go-zer", "omq/zmq4");
        object->go_zeromq = check_bytes_contain(bytes, 0, bytes->size, module);
    }
    if (!object->is_shim)
        check_copy_find(object, &elf);
    return true;
}

void check_object_free(struct check_object *object)
{
    check_value_free(object->needed);
    free(object->path);
    free(object->interpreter);
    free(object->soname);
    free(object->rpath);
    free(object->runpath);
    free(object->version);
}

const char *check_form_text(enum check_form form)
{
    static const char *const names[] = {"broken", "other", "static program", "program", "library"};

    return names[form];
}

char *check_machine_text(const struct check_object *object)
{
    static const struct {
        uint16_t machine;
        const char *name;
    } machines[] = {{EM_386, "x86"},         {EM_X86_64, "x86-64"}, {EM_ARM, "ARM"},
                    {EM_AARCH64, "AArch64"}, {EM_PPC64, "POWER"},   {EM_S390, "S/390"},
                    {EM_RISCV, "RISC-V"},    {EM_MIPS, "MIPS"},     {EM_LOONGARCH, "LoongArch"}};
    const char *name = NULL;

    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
        if (machines[i].machine == object->machine)
            name = machines[i].name;
    if (name != NULL)
        return check_format("%s %d-bit%s", name, object->wide ? 64 : 32,
                            object->big ? " big-endian" : "");
    return check_format("machine %u %d-bit%s", object->machine, object->wide ? 64 : 32,
                        object->big ? " big-endian" : "");
}

bool check_version_fit(const char *version)
{
    unsigned major, minor, patch;

    if (version == NULL || sscanf(version, "%u.%u.%u", &major, &minor, &patch) != 3)
        return true;
    return major * 1000000 + minor * 1000 + patch >= 4002003;
}

char *check_copy_text(const struct check_object *object)
{
    return check_format("%s (libzmq%s%s%s)", object->path, object->version != NULL ? " " : "",
                        object->version != NULL ? object->version : "",
                        object->curve || object->copy != COPY_DIRECT ? "" : ", without CURVE");
}

struct check_value *check_object_value(const struct check_object *object)
{
    static const char *const copies[] = {NULL, "shared library", "linked in, interposable",
                                         "linked in, not interposable"};
    struct check_value *value = check_object_new();
    char *machine = check_machine_text(object);

    check_set_text(value, "path", object->path);
    check_set_text(value, "form", check_form_text(object->form));
    check_set_text(value, "machine", machine);
    check_set_text(value, "libzmq", copies[object->copy]);
    if (object->copy != COPY_NONE) {
        check_set_text(value, "version", object->version);
        check_set_bool(value, "curve", object->curve);
        check_set_bool(value, "exported", object->exports);
        check_set_bool(value, "symbolic", object->symbolic);
    }
    check_set_number(value, "imports", object->imports);
    free(machine);
    return value;
}
