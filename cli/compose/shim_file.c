/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds secretsctl-shim on this host, and what machine it is made for.
 */
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/compose/rewrite.h"
#include "core/fd.h"

#include "core/banned.h"

/* Where it was installed; else beside the program: as installed under another prefix, or as built.
 */
char *sc_rewrite_find_shim(struct sc_error *err)
{
    static const char *const beside[] = {"../libexec/secretsctl/secretsctl-shim",
                                         "../shim/secretsctl-shim", "secretsctl-shim"};
    char self[PATH_MAX], real[PATH_MAX];
    if (access(SC_SHIM_PATH, X_OK) == 0)
        return sc_str_dup(SC_SHIM_PATH, err);
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash = NULL;
    if (n > 0) {
        self[n] = '\0';
        slash = strrchr(self, '/');
    }
    for (size_t i = 0; slash != NULL && i < SC_ARRAY_SIZE(beside); i++) {
        SC_CLEANUP(sc_str_freep)
        char *path = sc_str_printf(err, "%.*s%s", (int)(slash - self) + 1, self, beside[i]);
        if (path == NULL)
            return NULL;
        if (realpath(path, real) != NULL && access(real, X_OK) == 0)
            return sc_str_dup(real, err);
    }
    return NULL;
}

const char *sc_rewrite_shim_obstacle(const char *path)
{
    struct stat st;
    if (path == NULL || stat(path, &st) < 0)
        return NULL; /* it may be installed when the containers start */
    if (!S_ISREG(st.st_mode))
        return "it is no file";
    if ((st.st_mode & S_IXOTH) == 0)
        return "not everybody may execute it, as the user of a container must; chmod 755 it";
    return NULL;
}

const char *sc_rewrite_shim_architecture(const char *path)
{
    static const struct {
        unsigned machine;
        bool wide, big;
        const char *name; /* as images call it */
    } machines[] = {
        {EM_X86_64, true, false, "amd64"},  {EM_AARCH64, true, false, "arm64"},
        {EM_386, false, false, "386"},      {EM_ARM, false, false, "arm"},
        {EM_PPC64, true, false, "ppc64le"}, {EM_S390, true, true, "s390x"},
        {EM_RISCV, true, false, "riscv64"},
    };
    unsigned char head[20];
    SC_CLEANUP(sc_fd_closep) int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0 || read(fd, head, sizeof(head)) != (ssize_t)sizeof(head) ||
        memcmp(head, ELFMAG, SELFMAG) != 0)
        return NULL;
    bool wide = head[EI_CLASS] == ELFCLASS64, big = head[EI_DATA] == ELFDATA2MSB;
    unsigned machine = big ? head[18] * 256U + head[19] : head[19] * 256U + head[18];
    for (size_t i = 0; i < SC_ARRAY_SIZE(machines); i++) {
        if (machines[i].machine == machine && machines[i].wide == wide && machines[i].big == big)
            return machines[i].name;
    }
    return NULL;
}
