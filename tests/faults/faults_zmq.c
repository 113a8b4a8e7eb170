/* The functions of libzmq whose calls can be made to fail. The shim reads their addresses from
 * libzmq's symbol table, so that is what is changed, in this process's memory. */
#include "faults.h"

#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zmq.h>

#include "shim/elf_object.h"

#define FUNCTIONS(X)                                                                               \
    X(void *, zmq_ctx_new, (void), (), NULL)                                                       \
    X(int, zmq_ctx_set, (void *context, int option, int value), (context, option, value), -1)      \
    X(int, zmq_ctx_get, (void *context, int option), (context, option), -1)                        \
    X(void *, zmq_socket, (void *context, int type), (context, type), NULL)                        \
    X(int, zmq_bind, (void *socket, const char *endpoint), (socket, endpoint), -1)                 \
    X(int, zmq_connect, (void *socket, const char *endpoint), (socket, endpoint), -1)              \
    X(int, zmq_setsockopt, (void *socket, int option, const void *value, size_t size),             \
      (socket, option, value, size), -1)                                                           \
    X(int, zmq_getsockopt, (void *socket, int option, void *value, size_t *size),                  \
      (socket, option, value, size), -1)                                                           \
    X(int, zmq_send, (void *socket, const void *bytes, size_t size, int flags),                    \
      (socket, bytes, size, flags), -1)                                                            \
    X(int, zmq_msg_init, (zmq_msg_t * message), (message), -1)                                     \
    X(int, zmq_msg_recv, (zmq_msg_t * message, void *socket, int flags), (message, socket, flags), \
      -1)                                                                                          \
    X(const char *, zmq_msg_gets, (const zmq_msg_t *message, const char *name), (message, name),   \
      NULL)                                                                                        \
    X(int, zmq_poll, (zmq_pollitem_t * items, int count, long wait), (items, count, wait), -1)     \
    X(int, zmq_has, (const char *what), (what), 0)                                                 \
    X(int, zmq_curve_public, (char *public_key, const char *secret), (public_key, secret), -1)

#define X(result, name, parameters, arguments, failure)                                            \
    static result(*real_##name) parameters;                                                        \
    static result faulty_##name parameters                                                         \
    {                                                                                              \
        if (faults_here(#name, __builtin_return_address(0)))                                       \
            return failure;                                                                        \
        return real_##name arguments;                                                              \
    }
FUNCTIONS(X)
#undef X

static const struct {
    const char *name;
    void **real;
    void *faulty;
} functions[] = {
#define X(result, name, parameters, arguments, failure)                                            \
    {#name, (void **)(void *)&real_##name, (void *)(uintptr_t)&faulty_##name},
    FUNCTIONS(X)
#undef X
};

static void patch(const struct elf_object *object)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    /* Linkers put the names right behind the symbols; nothing else tells how many there are. */
    const size_t count =
        (size_t)(object->strings - (const char *)object->symbols) / sizeof(ElfW(Sym));
    const uintptr_t from = (uintptr_t)object->symbols & ~(page - 1);
    const uintptr_t to = (uintptr_t)(object->symbols + count);
    ElfW(Sym) *symbols = (ElfW(Sym) *)(uintptr_t)object->symbols;

    if (mprotect((void *)from, to - from, PROT_READ | PROT_WRITE) != 0)
        return;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < sizeof functions / sizeof *functions; k++)
            if (symbols[i].st_value != 0 &&
                strcmp(object->strings + symbols[i].st_name, functions[k].name) == 0)
                symbols[i].st_value = (uintptr_t)functions[k].faulty - object->base;
    mprotect((void *)from, to - from, PROT_READ);
}

static int find_libzmq(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct elf_object object;

    (void)size;
    (void)argument;
    if (strstr(info->dlpi_name, "libzmq.so") == NULL || !elf_object_read(&object, info))
        return 0;
    for (size_t k = 0; k < sizeof functions / sizeof *functions; k++)
        *functions[k].real = elf_object_function(&object, functions[k].name);
    patch(&object);
    return 1;
}

void faults_patch_libzmq(void)
{
    dl_iterate_phdr(find_libzmq, NULL);
}
