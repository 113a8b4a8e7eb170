#include "shim/elf_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH 4
#define PATH_ROOM 1024

struct image {
    const unsigned char *bytes;
    size_t size;
    const ElfW(Phdr) * segments;
    size_t segment_count;
    const char *strings;
    size_t strings_size;
    const ElfW(Dyn) * dynamic;
    size_t dynamic_count;
};

static bool within(const struct image *image, size_t offset, size_t size)
{
    return offset <= image->size && size <= image->size - offset;
}

/* The file offset of a virtual address, or SIZE_MAX. */
static size_t offset_of(const struct image *image, ElfW(Addr) address)
{
    for (size_t i = 0; i < image->segment_count; i++) {
        const ElfW(Phdr) *segment = &image->segments[i];

        if (segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
            address - segment->p_vaddr < segment->p_filesz)
            return segment->p_offset + (address - segment->p_vaddr);
    }
    return SIZE_MAX;
}

static bool read_segments(struct image *image)
{
    const ElfW(Ehdr) *header = (const void *)image->bytes;

    if (!within(image, 0, sizeof *header) || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
        header->e_phentsize != sizeof(ElfW(Phdr)) || header->e_phoff % sizeof(void *) != 0 ||
        !within(image, header->e_phoff, header->e_phnum * sizeof(ElfW(Phdr))))
        return false;
    image->segments = (const void *)(image->bytes + header->e_phoff);
    image->segment_count = header->e_phnum;
    return true;
}

static bool read_dynamic(struct image *image)
{
    ElfW(Addr) strings = 0;
    size_t offset;

    for (size_t i = 0; i < image->segment_count; i++) {
        const ElfW(Phdr) *segment = &image->segments[i];

        if (segment->p_type == PT_DYNAMIC && segment->p_offset % sizeof(void *) == 0 &&
            within(image, segment->p_offset, segment->p_filesz)) {
            image->dynamic = (const void *)(image->bytes + segment->p_offset);
            image->dynamic_count = segment->p_filesz / sizeof(ElfW(Dyn));
        }
    }
    for (size_t i = 0; i < image->dynamic_count; i++) {
        if (image->dynamic[i].d_tag == DT_STRTAB)
            strings = image->dynamic[i].d_un.d_ptr;
        if (image->dynamic[i].d_tag == DT_STRSZ)
            image->strings_size = image->dynamic[i].d_un.d_val;
    }
    offset = offset_of(image, strings);
    if (offset == SIZE_MAX || image->strings_size == 0 ||
        !within(image, offset, image->strings_size) ||
        image->bytes[offset + image->strings_size - 1] != '\0')
        return false;
    image->strings = (const char *)image->bytes + offset;
    return true;
}

static bool needs(const char *file, int depth);

static bool library_needs(const char *name, const char *beside, int depth)
{
    static const char *const directories[] = {
#if defined(__x86_64__)
        "/lib/x86_64-linux-gnu",
        "/usr/lib/x86_64-linux-gnu",
#elif defined(__aarch64__)
        "/lib/aarch64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
#endif
        "/usr/local/lib",
        "/lib64",
        "/usr/lib64",
        "/lib",
        "/usr/lib"
    };
    const char *slash = strrchr(beside, '/');
    char path[PATH_ROOM];

    if (strstr(name, "zmq") != NULL)
        return true;
    if (depth == 0 || strncmp(name, "libc.", 5) == 0 || strncmp(name, "ld-", 3) == 0)
        return false;
    snprintf(path, sizeof path, "%.*s/%s", (int)(slash - beside), beside, name);
    if (access(path, R_OK) == 0)
        return needs(path, depth);
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
        snprintf(path, sizeof path, "%s/%s", directories[i], name);
        if (access(path, R_OK) == 0)
            return needs(path, depth);
    }
    return false;
}

static bool image_needs(const struct image *image, const char *file, int depth)
{
    static const char hidden_copy[] = "inproc://zeromq.zap.01";

    /* Names of symbols and of libraries are in the same table. */
    if (memmem(image->strings, image->strings_size, "\0zmq_", 5) != NULL ||
        memmem(image->strings, image->strings_size, "\0dlsym", 7) != NULL ||
        memmem(image->strings, image->strings_size, "\0dlvsym", 8) != NULL ||
        memmem(image->bytes, image->size, hidden_copy, sizeof hidden_copy) != NULL)
        return true;
    for (size_t i = 0; i < image->dynamic_count; i++)
        if (image->dynamic[i].d_tag == DT_NEEDED &&
            image->dynamic[i].d_un.d_val < image->strings_size &&
            library_needs(image->strings + image->dynamic[i].d_un.d_val, file, depth - 1))
            return true;
    return false;
}

static bool needs(const char *file, int depth)
{
    struct image image;
    struct stat status;
    bool result = false;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    /* What is there and cannot be looked at may need it. */
    if (fd < 0)
        return errno != ENOENT && errno != ENOTDIR && errno != EACCES && errno != ELOOP &&
               errno != ENAMETOOLONG;
    memset(&image, 0, sizeof image);
    if (fstat(fd, &status) != 0) {
        result = true;
    } else if (S_ISREG(status.st_mode) && status.st_size > 0) {
        image.size = (size_t)status.st_size;
        image.bytes = mmap(NULL, image.size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (image.bytes == MAP_FAILED) {
            result = true;
        } else {
            result =
                read_segments(&image) && read_dynamic(&image) && image_needs(&image, file, depth);
            munmap((void *)(uintptr_t)image.bytes, image.size);
        }
    }
    close(fd);
    return result;
}

bool elf_file_needs_zmq(const char *file)
{
    int saved = errno;
    bool result = strchr(file, '/') == NULL ? strstr(file, "zmq") != NULL : needs(file, DEPTH);

    errno = saved;
    return result;
}
