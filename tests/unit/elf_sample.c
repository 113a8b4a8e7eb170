/* A library to look into, built once for each style of hash table. */
#include <stdlib.h>

#define EXPORTED __attribute__((visibility("default")))
#define JOIN(a, b) a##b
#define NAME(style, rest) JOIN(style, rest)

EXPORTED int NAME(STYLE, _function)(int number);
EXPORTED int NAME(STYLE, _other)(int number);
int NAME(STYLE, _hidden)(int number);

EXPORTED int NAME(STYLE, _data) = 1;

__attribute__((noinline)) int NAME(STYLE, _hidden)(int number)
{
    return number + NAME(STYLE, _data);
}

int NAME(STYLE, _function)(int number)
{
    return NAME(STYLE, _hidden)(number) + 1;
}

int NAME(STYLE, _other)(int number)
{
    return getenv("") == NULL ? number : 0;
}
