/* A library with secrets of its own, which it keeps by libsodium. */
#include <sodium.h>
#include <string.h>

__attribute__((visibility("default"))) int keeps_secrets(void);

int keeps_secrets(void)
{
    unsigned char *secret;
    int result;

    if (sodium_init() < 0 || (secret = sodium_malloc(48)) == NULL)
        return -1;
    memset(secret, 7, 48);
    /* These look at what sodium_malloc wrote in front of it. */
    result = sodium_mprotect_readonly(secret) == 0 && secret[47] == 7 &&
             sodium_mprotect_readwrite(secret) == 0;
    sodium_free(secret);
    return result;
}
