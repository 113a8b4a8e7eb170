#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <string.h>

/* For builds without libFuzzer: runs each file of the directories that are named once. */

static void run_file(const char *path)
{
    FILE *stream = fopen(path, "rb");
    uint8_t *data = NULL;
    size_t size = 0, room = 0;

    CHECK(stream != NULL);
    for (;;) {
        size_t count;

        if (size == room) {
            room = room == 0 ? 4096 : room * 2;
            data = realloc(data, room);
            CHECK(data != NULL);
        }
        count = fread(data + size, 1, room - size, stream);
        if (count == 0)
            break;
        size += count;
    }
    (void)fclose(stream);
    /* Its very own size, so that a sanitizer sees a byte read too much. */
    data = realloc(data, size > 0 ? size : 1);
    CHECK(data != NULL);
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
}

int main(int argc, char **argv)
{
    unsigned count = 0;

    for (int i = 1; i < argc; i++) {
        DIR *directory = opendir(argv[i]);
        struct dirent *entry;
        char path[4096];

        CHECK(directory != NULL);
        while ((entry = readdir(directory)) != NULL) {
            if (entry->d_name[0] == '.')
                continue;
            snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
            run_file(path);
            count++;
        }
        closedir(directory);
    }
    CHECK(count > 0);
    printf("%u inputs\n", count);
    return 0;
}
