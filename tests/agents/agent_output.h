/* One JSON object per line on stdout, flushed: what agent.py prints. */
#ifndef AGENT_OUTPUT_H
#define AGENT_OUTPUT_H

#include <stddef.h>

void emit_text(const char *key, const char *text, size_t size);
void emit_refusal(int error, const char *call, const char *endpoint);

#endif
