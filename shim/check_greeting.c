#include "shim/check_greeting.h"

#include <stdio.h>
#include <string.h>

#define SIGNATURE 10

void greeting_write(unsigned char out[GREETING_SIZE])
{
    memset(out, 0, GREETING_SIZE);
    out[0] = 0xff;
    out[8] = 1;
    out[9] = 0x7f;
    out[10] = 3;
    out[11] = 1;
    memcpy(out + 12, "CURVE", 5);
}

static const struct {
    const char *begin;
    size_t size;
    const char *name;
} banners[] = {
    {"HTTP/", 5, "HTTP"},   {"SSH-", 4, "SSH"},         {"\x15\x03", 2, "TLS"},
    {"\x16\x03", 2, "TLS"}, {"220 ", 4, "SMTP or FTP"}, {"220-", 4, "SMTP or FTP"},
    {"+OK", 3, "POP3"},     {"* OK", 4, "IMAP"},        {"-ERR", 4, "Redis"},
    {"AMQP", 4, "AMQP"},    {"RFB ", 4, "VNC"},         {"INFO {", 6, "NATS"},
    {"<?xml", 5, "XML"},    {"<!DOCTYPE", 9, "HTML"},   {"<html", 5, "HTML"},
    {"\x05", 1, "SOCKS 5"},
};

static void foreign(struct greeting *greeting, const unsigned char *data, size_t size)
{
    size_t used = 0, shown = size < 16 ? size : 16;

    greeting->kind = GREETING_FOREIGN;
    for (size_t i = 0; i < sizeof banners / sizeof *banners; i++)
        if (size >= banners[i].size && memcmp(data, banners[i].begin, banners[i].size) == 0) {
            snprintf(greeting->looks_like, sizeof greeting->looks_like, "%s", banners[i].name);
            return;
        }
    used = (size_t)snprintf(greeting->looks_like, sizeof greeting->looks_like, "bytes");
    for (size_t i = 0; i < shown; i++)
        used += (size_t)snprintf(greeting->looks_like + used, sizeof greeting->looks_like - used,
                                 " %02x", data[i]);
}

void greeting_read(struct greeting *greeting, const unsigned char *data, size_t size)
{
    memset(greeting, 0, sizeof *greeting);
    if (size == 0)
        return;
    /* ZMTP 1: the frame of an identity, most often an empty one: length 1, no flags. */
    if (data[0] == 0x01 && (size == 1 || data[1] == 0x00)) {
        greeting->kind = size == 1 ? GREETING_PART : GREETING_ZMTP1;
        greeting->major = 1;
        return;
    }
    if (data[0] != 0xff || (size >= SIGNATURE && data[SIGNATURE - 1] != 0x7f)) {
        foreign(greeting, data, size);
        return;
    }
    greeting->kind = GREETING_PART;
    if (size <= SIGNATURE)
        return;
    greeting->major = data[SIGNATURE];
    if (greeting->major < 3) {
        /* Revision 0 is ZMTP 1.0, 1 is 2.0; 2 is nobody's. */
        greeting->kind = greeting->major == 0 ? GREETING_ZMTP1 : GREETING_ZMTP2;
        greeting->major = greeting->major == 0 ? 1 : 2;
        return;
    }
    if (size < GREETING_SIZE)
        return;
    greeting->minor = data[11];
    memcpy(greeting->mechanism, data + 12, 20);
    greeting->as_server = data[32] == 1;
    greeting->kind = GREETING_ZMTP3;
}
