#ifndef CURVESHIM_SHIM_CHECK_OBJECT_H
#define CURVESHIM_SHIM_CHECK_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "shim/check_bytes.h"
#include "shim/check_value.h"

/* What one program or library has to do with ZeroMQ. */

enum check_form {
    FORM_BROKEN,  /* ELF, but cut off or inconsistent */
    FORM_OTHER,   /* relocatable objects, core files */
    FORM_STATIC,  /* an executable that the dynamic linker never sees */
    FORM_PROGRAM, /* a dynamically linked executable */
    FORM_LIBRARY,
};

enum check_copy {
    COPY_NONE,
    COPY_SHARED,   /* this is libzmq as a shared library */
    COPY_EXPORTED, /* linked in, called through relocations that a preload can answer */
    COPY_DIRECT,   /* linked in, called directly */
};

struct check_object {
    char *path;
    enum check_form form;
    bool wide, big;
    uint16_t machine;
    char *interpreter, *soname, *rpath, *runpath;
    struct check_value *needed;
    unsigned imports; /* functions of libzmq that come from elsewhere */
    bool imports_dlsym, imports_dlopen;
    bool is_shim;
    bool go, go_zeromq, jvm;
    enum check_copy copy;
    bool symbolic; /* DF_SYMBOLIC */
    bool exports;  /* of a copy: its functions are in .dynsym */
    bool curve;    /* of a copy */
    char *version; /* of a copy, or NULL */
};

/* Whether the file is ELF at all; the object is then to be freed. path is copied. */
bool check_object_read(struct check_object *object, const char *path,
                       const struct check_bytes *bytes);
void check_object_free(struct check_object *object);

/* As JSON; text for the machine and for the form. */
struct check_value *check_object_value(const struct check_object *object);
const char *check_form_text(enum check_form form);
char *check_machine_text(const struct check_object *object);

/* Whether the version is one that can be made to fail closed; unknown versions count as fit. */
bool check_version_fit(const char *version);

/* "LIBRARY 4.3.4" for messages; to be freed. */
char *check_copy_text(const struct check_object *object);

const char *check_base_name(const char *path);

#endif
