/* Preloaded into a program that uses libbpf as a shared library: the kernel knows no links at tc, as before
 * Linux 6.6. */
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>

enum { TCX_INGRESS = 46, TCX_EGRESS = 47 }; /* enum bpf_attach_type */

int bpf_link_create(int program, int target, int attach_type, const void *options);

int bpf_link_create(int program, int target, int attach_type, const void *options)
{
    static int (*create)(int, int, int, const void *);
    if (attach_type == TCX_INGRESS || attach_type == TCX_EGRESS) {
        errno = EINVAL;
        return -EINVAL;
    }
    if (!create)
        *(void **)&create = dlsym(RTLD_NEXT, "bpf_link_create");
    return create ? create(program, target, attach_type, options) : -ENOSYS;
}
