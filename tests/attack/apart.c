/* `apart LIBRARY ENDPOINT`: has apart_speak done by a library in a namespace of its own. */
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>

int main(int argc, char **argv)
{
    void *library = argc == 3 ? dlmopen(LM_ID_NEWLM, argv[1], RTLD_NOW) : NULL;
    int (*speak)(const char *) =
        library == NULL ? NULL : (int (*)(const char *))(uintptr_t)dlsym(library, "apart_speak");

    return speak == NULL ? 2 : speak(argv[2]);
}
