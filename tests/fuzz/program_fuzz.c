/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as source under audit, or as another of the texts that a file's name tells; the first
 * byte picks the name. See tests/fuzz/detect.h.
 */
#include "tests/fuzz/detect.h"

#include "core/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {
        "Jenkinsfile",   "settings.py", "web.config",    "x.tf",     "x.ps1",
        "wp-config.php", ".netrc",      "x.sql",         "Makefile", "x.service",
        "redis.conf",    "x.yaml",      "manifest.json", "x.ipynb",  "x.container",
        "userlist.txt",  "x.keys",      "justfile",      "x.fish",   "Caddyfile"};
    if (size == 0)
        return 0;
    const char *name = names[data[0] % SC_ARRAY_SIZE(names)];
    return fuzz_detect_as(name, data + 1, size - 1, sc_text_kind_of_name(name));
}
