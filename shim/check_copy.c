#include "shim/check_copy.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The shim itself and wrappers export a few names of libzmq; only a copy has all of these. */
static const char *const essential[] = {"zmq_ctx_new", "zmq_socket", "zmq_bind", "zmq_connect",
                                        "zmq_msg_init_size"};
#define ESSENTIAL (sizeof essential / sizeof *essential)

/* What libzmq calls itself through its own GOT or PLT unless it was linked to call directly. */
static const char *const self_called[] = {"zmq_socket", "zmq_bind", "zmq_connect", "zmq_setsockopt",
                                          "zmq_ctx_new"};
#define SELF_CALLED (sizeof self_called / sizeof *self_called)

struct search {
    const struct check_elf *elf;
    unsigned found; /* a bit for each of essential */
    uint64_t version_address;
    bool curve;
    bool rebound;
    size_t texts[3];
};

static void note(struct search *search, const struct check_elf_symbol *symbol)
{
    if (!symbol->defined)
        return;
    for (size_t i = 0; i < ESSENTIAL; i++)
        if (strcmp(symbol->name, essential[i]) == 0)
            search->found |= 1u << i;
    if (strcmp(symbol->name, "zmq_version") == 0)
        search->version_address = symbol->value;
}

static void note_static(void *argument, const struct check_elf_symbol *symbol)
{
    note(argument, symbol);
}

static void note_relocation(void *argument, uint64_t index)
{
    struct search *search = argument;
    struct check_elf_symbol symbol;

    if (search->rebound || !check_elf_symbol(search->elf, index, &symbol) || !symbol.defined ||
        symbol.visibility != STV_DEFAULT)
        return;
    for (size_t i = 0; i < SELF_CALLED; i++)
        if (strcmp(symbol.name, self_called[i]) == 0)
            search->rebound = true;
}

/* In halves, so that this program doesn't contain what it looks for. */
static const char *const texts[][2] = {
    {"Operation cannot be accomp", "lished in current state"},
    {"The protocol is not compat", "ible with the socket type"},
    {"N3zmq14curve_", "server_tE"},
};

static void note_texts(void *argument, uint64_t from, uint64_t to)
{
    struct search *search = argument;
    char text[64];

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        /* Most files hold none of them: one look is enough. */
        if (i > 0 && search->texts[0] == 0)
            return;
        snprintf(text, sizeof text, "%s%s", texts[i][0], texts[i][1]);
        if (check_bytes_contain(search->elf->bytes, from, to, text))
            search->texts[i]++;
    }
}

/* libzmq.so.5.2.4 is libzmq 4.3.4: the ABI's numbers follow the version's. */
static char *version_of_name(const char *path)
{
    unsigned minor, patch;
    const char *at = strstr(check_base_name(path), ".so.5.");

    if (at == NULL || sscanf(at, ".so.5.%u.%u", &minor, &patch) != 2 || minor < 1 || minor > 2)
        return NULL;
    return check_format("4.%u.%u", minor + 1, patch);
}

void check_copy_find(struct check_object *object, const struct check_elf *elf)
{
    struct search search = {.elf = elf};
    struct check_elf_symbol symbol;
    const unsigned all = (1u << ESSENTIAL) - 1;
    uint64_t offset;

    for (uint64_t i = 0; i < elf->symbol_count; i++)
        if (check_elf_symbol(elf, i, &symbol))
            note(&search, &symbol);
    object->exports = search.found == all;
    if (!object->exports)
        check_elf_symtab(elf, note_static, &search);
    check_elf_constant(elf, note_texts, &search);
    if (search.found != all && (search.texts[0] == 0 || search.texts[1] == 0))
        return;
    object->curve = search.texts[2] != 0;
    if (object->exports)
        check_elf_relocations(elf, note_relocation, &search);
    if (object->form == FORM_LIBRARY && object->exports &&
        strncmp(check_base_name(object->soname != NULL ? object->soname : object->path), "libzmq",
                6) == 0)
        object->copy = COPY_SHARED;
    else
        object->copy = object->form == FORM_LIBRARY && search.rebound ? COPY_EXPORTED : COPY_DIRECT;
    if (search.version_address != 0 && check_elf_offset(elf, search.version_address, &offset))
        object->version = check_copy_version(elf, offset);
    if (object->version == NULL && object->copy == COPY_SHARED)
        object->version = version_of_name(object->path);
}
