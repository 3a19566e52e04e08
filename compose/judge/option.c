/* SPDX-License-Identifier: Apache-2.0
 *
 * Which option of which program takes a credential; see compose/judge/option.h.
 */
#include "compose/judge/option.h"

#include <string.h>
#include <strings.h>

#include "core/macros.h"

#include "core/banned.h"

/* Short, for the table. */
#define NEXT     SC_TAKES_NEXT
#define ATTACHED SC_TAKES_ATTACHED
#define EITHER   SC_TAKES_EITHER
#define USERPASS SC_TAKES_USERPASS
#define HEADER   SC_TAKES_HEADER
#define DATA     SC_TAKES_DATA
#define FIELD    SC_TAKES_FIELD
#define ENV      SC_TAKES_ENV
#define PREFIXED SC_TAKES_PREFIXED
#define OPERAND  SC_TAKES_OPERAND
#define LAST     SC_TAKES_LAST
#define PAIR     SC_TAKES_PAIR
#define NOTHING  SC_TAKES_NOTHING

const struct sc_argv_option sc_argv_options[] = {
    /* databases */
    {"mysqladmin", "password", OPERAND, 1},
    {"mysql*", "-p", ATTACHED, 0},
    {"mariadb*", "-p", ATTACHED, 0},
    {"mongo*", "-p", EITHER, 0},
    {"sqlcmd", "-P", EITHER, 0},
    {"cqlsh", "-p", NEXT, 0},
    {"redis-cli", "-a", NEXT, 0},
    {"redis-cli", "requirepass", OPERAND, 1},
    {"redis-server", "--masterauth", NEXT, 0},
    {"valkey-server", "--masterauth", NEXT, 0},
    {"keydb-server", "--masterauth", NEXT, 0},
    {"valkey-cli", "-a", NEXT, 0},
    {"keydb-cli", "-a", NEXT, 0},
    {"rabbitmqctl", "add_user", OPERAND, 2},
    {"rabbitmqctl", "change_password", OPERAND, 2},
    {"ldappasswd", "-s", NEXT, 0},
    {"slappasswd", "-s", NEXT, 0},
    {"ldap*", "-w", EITHER, 0},
    /* the web */
    {"curl", "-u", USERPASS, 0},
    {"curl", "--user", USERPASS, 0},
    {"curl", "-U", USERPASS, 0},
    {"curl", "--proxy-user", USERPASS, 0},
    {"curl", "-H", HEADER, 0},
    {"curl", "--header", HEADER, 0},
    {"curl", "-d", DATA, 0},
    {"curl", "--data", DATA, 0},
    {"curl", "--data-raw", DATA, 0},
    {"curl", "--data-binary", DATA, 0},
    {"curl", "--json", DATA, 0},
    {"curl", "-F", FIELD, 0},
    {"curl", "--form", FIELD, 0},
    {"wget", "--header", HEADER, 0},
    {"wget", "--post-data", DATA, 0},
    {"skopeo", "--creds", USERPASS, 0},
    {"skopeo", "--src-creds", USERPASS, 0},
    {"skopeo", "--dest-creds", USERPASS, 0},
    {"podman", "--creds", USERPASS, 0},
    {"buildah", "--creds", USERPASS, 0},
    {"http", "-a", USERPASS, 0},
    {"http", "--auth", USERPASS, 0},
    {"lftp", "-u", USERPASS, ','},
    {"smbclient", "-U", USERPASS, '%'},
    /* accounts and remote machines */
    {"sshpass", "-p", EITHER, 0},
    {"ssh-keygen", "-N", NEXT, 0},
    {"useradd", "-p", NEXT, 0},
    {"usermod", "-p", NEXT, 0},
    {"htpasswd", "-b", LAST, 2},
    {"mosquitto_passwd", "-b", LAST, 2},
    {"net", "user", OPERAND, 2},
    {"ipmitool", "-P", NEXT, 0},
    {"nmcli", "password", OPERAND, 1},
    /* keys and archives */
    {"openssl", "passwd", LAST, 1},
    {"openssl", "-passin", PREFIXED, 0},
    {"openssl", "-passout", PREFIXED, 0},
    {"openssl", "-password", PREFIXED, 0},
    {"openssl", "-pass", PREFIXED, 0},
    {"openssl", "-k", NEXT, 0},
    {"keytool", "-storepass", NEXT, 0},
    {"keytool", "-keypass", NEXT, 0},
    {"keytool", "-srcstorepass", NEXT, 0},
    {"keytool", "-deststorepass", NEXT, 0},
    {"jarsigner", "-storepass", NEXT, 0},
    {"jarsigner", "-keypass", NEXT, 0},
    {"zip", "-P", EITHER, 0},
    {"unzip", "-P", EITHER, 0},
    {"7z*", "-p", ATTACHED, 0},
    /* services */
    {"login", "-p", EITHER, 0},
    {"vault", "login", OPERAND, 1},
    {"mc", "alias", OPERAND, 5},
    {"nuget", "-p", NEXT, 0},
    {"configure", "set", PAIR, 0},
    {"config", "set", PAIR, 0},
    {"consul", "put", PAIR, 0},
    {"etcdctl", "put", PAIR, 0},
    {"etcdctl", "--user", USERPASS, 0},
    {"grafana*", "reset-admin-password", OPERAND, 1},
    {"dokku", "http-auth:enable", OPERAND, 3},
    {"dokku", "registry:login", OPERAND, 3},
    {"heroku", "config:set", NOTHING, 0},
    /* containers */
    {"docker", "--secret", NOTHING, 0},
    {"docker", "--token", NEXT, 0},
    {"docker", "-e", ENV, 0},
    {"docker", "--env", ENV, 0},
    {"docker", "--build-arg", ENV, 0},
    {"docker", "-l", ENV, 0},
    {"docker", "--label", ENV, 0},
    {"podman", "-e", ENV, 0},
    {"podman", "--env", ENV, 0},
    {"podman", "--build-arg", ENV, 0},
    {"podman", "--secret", NOTHING, 0},
    {"nerdctl", "-e", ENV, 0},
    {"nerdctl", "--env", ENV, 0},
    {"docker-compose", "-e", ENV, 0},
    {"buildah", "--build-arg", ENV, 0},
    {"executor", "--build-arg", ENV, 0}, /* kaniko */
    {"kubectl", "--from-literal", ENV, 0},
    {"helm", "--set", ENV, 0},
};
const size_t sc_argv_option_count = SC_ARRAY_SIZE(sc_argv_options);

const char *sc_argv_program(const char *path, size_t *ret_len)
{
    const char *name = path;
    for (const char *at = path; *at != '\0'; at++) {
        if (*at == '/' || *at == '\\')
            name = at + 1;
    }
    size_t len = strlen(name);
    if (len > 4 && strcasecmp(name + len - 4, ".exe") == 0)
        len -= 4;
    *ret_len = len;
    return name;
}

bool sc_argv_option_is_of(const struct sc_argv_option *row, const char *name, size_t len)
{
    size_t n = strlen(row->program);
    if (row->program[n - 1] == '*')
        return len >= n - 1 && memcmp(row->program, name, n - 1) == 0;
    return len == n && memcmp(row->program, name, n) == 0;
}

size_t sc_argv_flags(const char *name, size_t len, const char *word)
{
    static const struct {
        const char *program, *flags;
    } table[] = {
        {"curl", "#0123469BafgGiIjJklLMnNOpqRsSvVZ"},
        {"htpasswd", "cnmBdspiDv25"},
        {"mosquitto_passwd", "cDH"},
        {"zip", "rqjmuTy0123456789"},
        {"unzip", "oqjnv"},
        {"ldapsearch", "xLvZ"},
        {"ldapadd", "xvZ"},
        {"ldapmodify", "axvZ"},
    };
    if (word[0] != '-' || word[1] == '-')
        return 0;
    for (size_t i = 0; i < SC_ARRAY_SIZE(table); i++) {
        if (strlen(table[i].program) == len && memcmp(table[i].program, name, len) == 0)
            return strspn(word + 1, table[i].flags);
    }
    return 0;
}
