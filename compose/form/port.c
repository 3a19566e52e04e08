/* SPDX-License-Identifier: Apache-2.0
 *
 * Short ports; see compose/form/port.h.
 */
#include "compose/form/port.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/parse.h"
#include "core/str.h"

#include "core/banned.h"

#define PORT_MAX 65535

struct port_range {
    unsigned first, last;
};

struct port_spec {
    const char *ip; /* NULL if none */
    bool has_host;
    struct port_range host, container;
    const char *protocol;
};

bool sc_port_is_address(const char *text)
{
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

static bool parse_number(const char *text, size_t len, unsigned *ret)
{
    char digits[8];
    const char *start = len > 0 && *text == '+' ? text + 1 : text;
    len -= (size_t)(start - text);
    while (len > 1 && *start == '0') {
        start++;
        len--;
    }
    if (len == 0 || len >= sizeof(digits))
        return false;
    memcpy(digits, start, len);
    digits[len] = '\0';
    uint64_t value = 0;
    if (sc_parse_u64(digits, PORT_MAX, "port", &value, NULL) < 0)
        return false;
    *ret = (unsigned)value;
    return true;
}

static bool parse_range(const char *text, struct port_range *ret)
{
    size_t first = strcspn(text, "-");
    if (!parse_number(text, first, &ret->first))
        return false;
    ret->last = ret->first;
    if (text[first] == '\0')
        return true;
    const char *last = text + first + 1;
    return parse_number(last, strlen(last), &ret->last) && ret->last >= ret->first;
}

/* Cuts "ip:host:container" from its end, where an address may hold colons of its own. */
static void split(char *text, char **ret_ip, char **ret_host, char **ret_container)
{
    *ret_ip = NULL;
    *ret_host = NULL;
    *ret_container = text;
    char *colon = strrchr(text, ':');
    if (colon == NULL)
        return;
    *colon = '\0';
    *ret_container = colon + 1;
    *ret_host = text;
    colon = strrchr(text, ':');
    if (colon == NULL)
        return;
    *colon = '\0';
    *ret_host = colon + 1;
    *ret_ip = text;
}

static int parse_protocol(char *container, struct port_spec *spec, struct sc_error *err)
{
    static const char *const names[] = {"tcp", "udp", "sctp"};
    char *slash = strchr(container, '/');
    const char *written = "tcp";
    if (slash != NULL) {
        *slash = '\0';
        written = slash[1] != '\0' ? slash + 1 : "tcp";
    }
    for (size_t i = 0; i < SC_ARRAY_SIZE(names); i++) {
        if (sc_str_equal_nocase(names[i], written)) {
            spec->protocol = names[i];
            return 0;
        }
    }
    return sc_fail(err, SC_E_SYNTAX, "a port's protocol must be tcp, udp or sctp");
}

static int parse_ip(char *ip, struct port_spec *spec, struct sc_error *err)
{
    if (ip == NULL || *ip == '\0')
        return 0;
    size_t len = strlen(ip);
    if (*ip == '[' && ip[len - 1] == ']') {
        ip[len - 1] = '\0';
        ip++;
    }
    if (!sc_port_is_address(ip))
        return sc_fail(err, SC_E_SYNTAX, "a port with something that is no IP address");
    spec->ip = ip;
    return 0;
}

static int parse_spec(char *text, struct port_spec *ret, struct sc_error *err)
{
    struct port_spec spec = {0};
    char *ip = NULL;
    char *host = NULL;
    char *container = NULL;
    split(text, &ip, &host, &container);
    if (*container == '\0' || *container == '/')
        return sc_fail(err, SC_E_SYNTAX, "no container port is given");
    int rc = parse_protocol(container, &spec, err);
    if (rc == 0)
        rc = parse_ip(ip, &spec, err);
    if (rc < 0)
        return rc;
    if (!parse_range(container, &spec.container))
        return sc_fail(err, SC_E_SYNTAX, "the container port is no number from 0 to 65535");
    spec.has_host = host != NULL && *host != '\0';
    if (spec.has_host && !parse_range(host, &spec.host))
        return sc_fail(err, SC_E_SYNTAX, "the host port is no number from 0 to 65535");
    unsigned container_count = spec.container.last - spec.container.first;
    if (spec.has_host && container_count != spec.host.last - spec.host.first &&
        container_count != 0)
        return sc_fail(err, SC_E_SYNTAX, "the ranges of host and container ports differ in length");
    *ret = spec;
    return 0;
}

static int add_port(struct sc_model_pool *pool, const struct port_spec *spec, unsigned offset,
                    const struct sc_value *from, struct sc_value *list, struct sc_error *err)
{
    const struct sc_origin *origin = from->origin;
    const struct sc_place *at = &origin->place;
    struct sc_value *map = sc_tree_new(pool, SC_VALUE_MAP, origin);
    int rc = map != NULL ? 0 : sc_model_pool_fail(pool, err);
    if (rc == 0)
        rc = sc_tree_set(pool, map, "mode", sc_tree_text(pool, "ingress", origin), at, err);
    if (rc == 0 && spec->ip != NULL)
        rc = sc_tree_set(pool, map, "host_ip",
                         sc_tree_text(pool, sc_model_pool_dup(pool, spec->ip), origin), at, err);
    if (rc == 0 && spec->container.first + offset > 0)
        rc = sc_tree_set(pool, map, "target",
                         sc_tree_int(pool, spec->container.first + offset, origin), at, err);
    bool range =
        spec->container.first == spec->container.last && spec->host.first != spec->host.last;
    if (rc == 0 && spec->has_host) {
        const char *text =
            range ? sc_model_pool_printf(pool, "%u-%u", spec->host.first, spec->host.last)
                  : sc_model_pool_printf(pool, "%u", spec->host.first + offset);
        rc = sc_tree_set(pool, map, "published", sc_tree_text(pool, text, origin), at, err);
    }
    if (rc == 0)
        rc =
            sc_tree_set(pool, map, "protocol", sc_tree_text(pool, spec->protocol, origin), at, err);
    return rc < 0 ? rc : sc_tree_append(pool, list, map, err);
}

static int compare_ports(const void *a, const void *b)
{
    char left[16];
    char right[16];
    snprintf(left, sizeof(left), "%u/", *(const unsigned *)a);
    snprintf(right, sizeof(right), "%u/", *(const unsigned *)b);
    return strcmp(left, right);
}

int sc_port_expand(struct sc_model_pool *pool, const char *text, const struct sc_value *from,
                   struct sc_value *list, struct sc_error *err)
{
    char *copy = sc_model_pool_dup(pool, text);
    if (copy == NULL)
        return sc_model_pool_fail(pool, err);
    struct port_spec spec = {0};
    int rc = parse_spec(copy, &spec, err);
    if (rc < 0)
        return rc;
    size_t count = spec.container.last - spec.container.first + 1U;
    unsigned *ports = sc_model_pool_array(pool, count, sizeof(*ports));
    if (ports == NULL)
        return sc_model_pool_fail(pool, err);
    for (size_t i = 0; i < count; i++)
        ports[i] = spec.container.first + (unsigned)i;
    /* Docker Compose orders the entries of one spec by their text: 80, 8080, 81. */
    qsort(ports, count, sizeof(*ports), compare_ports);
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = add_port(pool, &spec, ports[i] - spec.container.first, from, list, err);
    return rc;
}
