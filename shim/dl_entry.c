#include <stddef.h>

#include "shim/dl_route.h"

/* The exported dlsym, dlvsym and dlopen. They must leave by a true jump, which C cannot promise at
 * every optimisation level. */

#if defined(__x86_64__)

__asm__(".text\n"
        ".globl dlsym\n"
        ".type dlsym, @function\n"
        "dlsym:\n"
        "  .cfi_startproc\n"
        "  endbr64\n"
        "  pushq %rdi\n"
        "  pushq %rsi\n"
        "  subq $8, %rsp\n"
        "  .cfi_adjust_cfa_offset 24\n"
        "  movq 24(%rsp), %rdx\n"
        "  movq %rsp, %rcx\n"
        "  call dl_route_dlsym\n"
        "  popq %rdx\n"
        "  popq %rsi\n"
        "  popq %rdi\n"
        "  .cfi_adjust_cfa_offset -24\n"
        "  testq %rax, %rax\n"
        "  je 1f\n"
        "  jmp *%rax\n"
        "1: movq %rdx, %rax\n"
        "  ret\n"
        "  .cfi_endproc\n"
        ".size dlsym, .-dlsym\n"

        ".globl dlvsym\n"
        ".type dlvsym, @function\n"
        "dlvsym:\n"
        "  .cfi_startproc\n"
        "  endbr64\n"
        "  pushq %rdi\n"
        "  pushq %rsi\n"
        "  pushq %rdx\n"
        "  subq $16, %rsp\n"
        "  .cfi_adjust_cfa_offset 40\n"
        "  movq 40(%rsp), %rcx\n"
        "  movq %rsp, %r8\n"
        "  call dl_route_dlvsym\n"
        "  popq %rcx\n"
        "  addq $8, %rsp\n"
        "  popq %rdx\n"
        "  popq %rsi\n"
        "  popq %rdi\n"
        "  .cfi_adjust_cfa_offset -40\n"
        "  testq %rax, %rax\n"
        "  je 1f\n"
        "  jmp *%rax\n"
        "1: movq %rcx, %rax\n"
        "  ret\n"
        "  .cfi_endproc\n"
        ".size dlvsym, .-dlvsym\n"

        ".globl dlopen\n"
        ".type dlopen, @function\n"
        "dlopen:\n"
        "  .cfi_startproc\n"
        "  endbr64\n"
        "  pushq %rdi\n"
        "  subq $16, %rsp\n"
        "  .cfi_adjust_cfa_offset 24\n"
        "  movq %rsp, %rdx\n"
        "  call dl_route_dlopen\n"
        "  movl %eax, %esi\n"
        "  popq %rdx\n"
        "  addq $8, %rsp\n"
        "  popq %rdi\n"
        "  .cfi_adjust_cfa_offset -24\n"
        "  jmp *%rdx\n"
        "  .cfi_endproc\n"
        ".size dlopen, .-dlopen\n");

#elif defined(__aarch64__)

__asm__(".text\n"
        ".globl dlsym\n"
        ".type dlsym, %function\n"
        "dlsym:\n"
        "  hint #34\n" /* bti c */
        "  stp x29, x30, [sp, #-48]!\n"
        "  mov x29, sp\n"
        "  stp x0, x1, [sp, #16]\n"
        "  mov x2, x30\n"
        "  add x3, sp, #32\n"
        "  bl dl_route_dlsym\n"
        "  mov x16, x0\n"
        "  ldr x17, [sp, #32]\n"
        "  ldp x0, x1, [sp, #16]\n"
        "  ldp x29, x30, [sp], #48\n"
        "  cbz x16, 1f\n"
        "  br x16\n"
        "1: mov x0, x17\n"
        "  ret\n"
        ".size dlsym, .-dlsym\n"

        ".globl dlvsym\n"
        ".type dlvsym, %function\n"
        "dlvsym:\n"
        "  hint #34\n"
        "  stp x29, x30, [sp, #-64]!\n"
        "  mov x29, sp\n"
        "  stp x0, x1, [sp, #16]\n"
        "  str x2, [sp, #32]\n"
        "  mov x3, x30\n"
        "  add x4, sp, #40\n"
        "  bl dl_route_dlvsym\n"
        "  mov x16, x0\n"
        "  ldr x17, [sp, #40]\n"
        "  ldr x2, [sp, #32]\n"
        "  ldp x0, x1, [sp, #16]\n"
        "  ldp x29, x30, [sp], #64\n"
        "  cbz x16, 1f\n"
        "  br x16\n"
        "1: mov x0, x17\n"
        "  ret\n"
        ".size dlvsym, .-dlvsym\n"

        ".globl dlopen\n"
        ".type dlopen, %function\n"
        "dlopen:\n"
        "  hint #34\n"
        "  stp x29, x30, [sp, #-48]!\n"
        "  mov x29, sp\n"
        "  str x0, [sp, #16]\n"
        "  add x2, sp, #24\n"
        "  bl dl_route_dlopen\n"
        "  mov w1, w0\n"
        "  ldr x16, [sp, #24]\n"
        "  ldr x0, [sp, #16]\n"
        "  ldp x29, x30, [sp], #48\n"
        "  br x16\n"
        ".size dlopen, .-dlopen\n");

#else

#define EXPORT __attribute__((visibility("default"), optimize("O2")))

EXPORT void *dlsym(void *handle, const char *name)
{
    void *result = NULL;
    void *target = dl_route_dlsym(handle, name, __builtin_return_address(0), &result);

    return target == NULL ? result : ((void *(*)(void *, const char *))target)(handle, name);
}

EXPORT void *dlvsym(void *handle, const char *name, const char *version)
{
    void *result = NULL;
    void *target = dl_route_dlvsym(handle, name, version, __builtin_return_address(0), &result);

    return target == NULL
               ? result
               : ((void *(*)(void *, const char *, const char *))target)(handle, name, version);
}

EXPORT void *dlopen(const char *file, int flags)
{
    void *target;

    flags = dl_route_dlopen(file, flags, &target);
    return ((void *(*)(const char *, int))target)(file, flags);
}

#endif
