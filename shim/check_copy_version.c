#include <elf.h>
#include <stddef.h>

#include "shim/check_copy.h"

/* zmq_version stores three constants through its three arguments, and libzmq carries its version
 * nowhere else. Running it would mean to load the file, constructors and all; so its few
 * instructions are read instead. */

#define INSTRUCTION_BYTES 96
#define NUMBERS 3

static char *version_text(const uint32_t numbers[NUMBERS], size_t count)
{
    if (count != NUMBERS || numbers[0] < 2 || numbers[0] > 9 || numbers[1] > 99 || numbers[2] > 999)
        return NULL;
    return check_format("%u.%u.%u", numbers[0], numbers[1], numbers[2]);
}

/* movl $number, (register): C7 with a ModRM byte of mode 0. Between them stand ret (the end), moves
 * between registers and the stack, and endbr64. */
static char *version_x86_64(const struct check_elf *elf, uint64_t offset)
{
    const unsigned char *code = elf->bytes->data;
    uint64_t end = offset + INSTRUCTION_BYTES;
    uint32_t numbers[NUMBERS];
    size_t count = 0;

    if (end > elf->bytes->size)
        end = elf->bytes->size;
    while (offset + 6 <= end && count < NUMBERS && code[offset] != 0xc3) {
        if (code[offset] == 0xc7 && (code[offset + 1] & 0xf8) == 0 && (code[offset + 1] & 7) != 4 &&
            (code[offset + 1] & 7) != 5 && check_elf_word(elf, offset + 2, &numbers[count])) {
            count++;
            offset += 6;
        } else {
            offset++;
        }
    }
    return version_text(numbers, count);
}

/* mov wN, #number, and later str wN, [xM]. */
static char *version_aarch64(const struct check_elf *elf, uint64_t offset)
{
    uint32_t registers[32] = {0}, numbers[NUMBERS], word;
    size_t count = 0;

    for (unsigned i = 0; i < INSTRUCTION_BYTES / 4 && count < NUMBERS; i++) {
        if (!check_elf_word(elf, offset + 4 * i, &word) || word == 0xd65f03c0)
            break;
        if ((word & 0xffe00000) == 0x52800000)
            registers[word & 31] = word >> 5 & 0xffff;
        else if ((word & 0xfffffc00) == 0xb9000000)
            numbers[count++] = (word & 31) == 31 ? 0 : registers[word & 31];
    }
    return version_text(numbers, count);
}

char *check_copy_version(const struct check_elf *elf, uint64_t offset)
{
    if (elf->machine == EM_X86_64)
        return version_x86_64(elf, offset);
    if (elf->machine == EM_AARCH64 && !elf->big)
        return version_aarch64(elf, offset);
    return NULL;
}
