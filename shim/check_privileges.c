#include <linux/capability.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include "shim/check_file.h"

static bool has_capabilities(const char *path)
{
    struct vfs_ns_cap_data data;
    ssize_t size = getxattr(path, "security.capability", &data, sizeof data);

    if (size < (ssize_t)XATTR_CAPS_SZ_1)
        return false;
    return data.data[0].permitted != 0 || data.data[0].inheritable != 0 ||
           (size >= (ssize_t)XATTR_CAPS_SZ_2 &&
            (data.data[1].permitted != 0 || data.data[1].inheritable != 0));
}

void check_privileges(struct check_result *result, const char *path, const struct stat *status)
{
    bool user = (status->st_mode & S_ISUID) != 0;
    bool group = (status->st_mode & S_ISGID) != 0 && (status->st_mode & S_IXGRP) != 0;
    bool capabilities = has_capabilities(path);
    struct statvfs mount;

    check_set_bool(result->details, "set_id", user || group);
    check_set_bool(result->details, "capabilities", capabilities);
    if (!user && !group && !capabilities)
        return;
    if (statvfs(path, &mount) == 0 && (mount.f_flag & ST_NOSUID) != 0) {
        check_reason(result, CHECK_SECURED,
                     "its set-id bits and capabilities don't count on this mount (nosuid)");
        return;
    }
    check_reason(result, CHECK_CANNOT, "it has %s: the dynamic linker ignores LD_PRELOAD",
                 user    ? "the set-user-ID bit"
                 : group ? "the set-group-ID bit"
                         : "file capabilities");
    check_remedy(result, CHECK_CANNOT,
                 "take the bits or capabilities off the file and give the rights to the service "
                 "(systemd: AmbientCapabilities=), or name the library in /etc/ld.so.preload");
}
