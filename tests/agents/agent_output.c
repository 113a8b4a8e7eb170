#include "agent_output.h"

#include <stdio.h>
#include <string.h>

static void put_string(const char *text, size_t size)
{
    putchar('"');
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 0x20 || c > 0x7e)
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

void emit_text(const char *key, const char *text, size_t size)
{
    printf("{\"%s\": ", key);
    put_string(text, size);
    puts("}");
    fflush(stdout);
}

void emit_refusal(int error, const char *call, const char *endpoint)
{
    const char *name = strerrorname_np(error);
    printf("{\"error\": \"%s\", \"call\": \"%s\", \"endpoint\": ", name ? name : "?", call);
    put_string(endpoint, strlen(endpoint));
    puts("}");
    fflush(stdout);
}
