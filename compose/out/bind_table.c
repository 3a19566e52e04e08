/* SPDX-License-Identifier: Apache-2.0
 *
 * The fields of each part of a project, in the order they are printed; see compose/out/bind.h.
 */
#include "compose/out/bind.h"

#include "core/banned.h"

#define FIELDS static const struct sc_field

#define KEEP       SC_FIELD_KEEP
#define ALWAYS     SC_FIELD_ALWAYS
#define JSON_NULL  SC_FIELD_JSON_NULL
#define JSON_EMPTY SC_FIELD_JSON_EMPTY
#define HIDE_TRUE  SC_FIELD_HIDE_TRUE
#define CAPITAL    SC_FIELD_CAPITAL

#define TEXT(name)                                                                                 \
    {                                                                                              \
        name, SC_FIELD_TEXT, 0, NULL                                                               \
    }
#define TEXTS(name)                                                                                \
    {                                                                                              \
        name, SC_FIELD_TEXTS, 0, NULL                                                              \
    }
#define BOOL(name)                                                                                 \
    {                                                                                              \
        name, SC_FIELD_BOOL, 0, NULL                                                               \
    }
#define INT(name)                                                                                  \
    {                                                                                              \
        name, SC_FIELD_INT, 0, NULL                                                                \
    }
#define FLOAT(name)                                                                                \
    {                                                                                              \
        name, SC_FIELD_FLOAT, 0, NULL                                                              \
    }
#define SIZE(name)                                                                                 \
    {                                                                                              \
        name, SC_FIELD_SIZE, 0, NULL                                                               \
    }
#define MAPPING(name)                                                                              \
    {                                                                                              \
        name, SC_FIELD_MAPPING, 0, NULL                                                            \
    }
#define ENVIRONMENT(name)                                                                          \
    {                                                                                              \
        name, SC_FIELD_ENVIRONMENT, 0, NULL                                                        \
    }
#define COMMAND(name)                                                                              \
    {                                                                                              \
        name, SC_FIELD_COMMAND, KEEP | JSON_NULL, NULL                                             \
    }
#define BOOL_SET(name)                                                                             \
    {                                                                                              \
        name, SC_FIELD_BOOL, KEEP, NULL                                                            \
    }
#define INT_SET(name)                                                                              \
    {                                                                                              \
        name, SC_FIELD_INT, KEEP, NULL                                                             \
    }
#define DURATION(name)                                                                             \
    {                                                                                              \
        name, SC_FIELD_DURATION, 0, NULL                                                           \
    }
#define DURATION_SET(name)                                                                         \
    {                                                                                              \
        name, SC_FIELD_DURATION, KEEP, NULL                                                        \
    }
#define PART(name, table)                                                                          \
    {                                                                                              \
        name, SC_FIELD_STRUCT, KEEP, table                                                         \
    }
#define PARTS(name, table)                                                                         \
    {                                                                                              \
        name, SC_FIELD_STRUCTS, 0, table                                                           \
    }
#define NAMED(name, table)                                                                         \
    {                                                                                              \
        name, SC_FIELD_STRUCT_MAP, 0, table                                                        \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, SC_FIELD_TEXT, 0, NULL                                                               \
    }

FIELDS grant[] = {TEXT("source"),
                  TEXT("target"),
                  TEXT("uid"),
                  TEXT("gid"),
                  {"mode", SC_FIELD_MODE, KEEP, NULL},
                  END};

FIELDS build[] = {TEXT("context"),
                  TEXT("dockerfile"),
                  TEXT("dockerfile_inline"),
                  TEXTS("entitlements"),
                  ENVIRONMENT("args"),
                  TEXT("provenance"),
                  TEXT("sbom"),
                  {"ssh", SC_FIELD_SSH, 0, NULL},
                  MAPPING("labels"),
                  TEXTS("cache_from"),
                  TEXTS("cache_to"),
                  BOOL("no_cache"),
                  TEXTS("no_cache_filter"),
                  MAPPING("additional_contexts"),
                  BOOL("pull"),
                  {"extra_hosts", SC_FIELD_HOSTS, 0, NULL},
                  TEXT("isolation"),
                  TEXT("network"),
                  TEXT("target"),
                  PARTS("secrets", grant),
                  SIZE("shm_size"),
                  TEXTS("tags"),
                  {"ulimits", SC_FIELD_ULIMITS, 0, NULL},
                  TEXTS("platforms"),
                  BOOL("privileged"),
                  END};

FIELDS hook[] = {COMMAND("command"),  TEXT("image"),
                 TEXT("user"),        BOOL("privileged"),
                 TEXT("working_dir"), ENVIRONMENT("environment"),
                 BOOL("per_replica"), END};

FIELDS watch[] = {{"path", SC_FIELD_TEXT, ALWAYS, NULL},
                  {"action", SC_FIELD_TEXT, ALWAYS, NULL},
                  TEXT("target"),
                  {"exec", SC_FIELD_STRUCT, JSON_EMPTY, hook},
                  TEXTS("include"),
                  TEXTS("ignore"),
                  BOOL("initial_sync"),
                  END};
FIELDS develop[] = {PARTS("watch", watch), END};

FIELDS weight_device[] = {{"path", SC_FIELD_TEXT, ALWAYS | CAPITAL, NULL},
                          {"weight", SC_FIELD_INT, ALWAYS | CAPITAL, NULL},
                          END};
FIELDS throttle_device[] = {{"path", SC_FIELD_TEXT, ALWAYS | CAPITAL, NULL},
                            {"rate", SC_FIELD_SIZE, ALWAYS | CAPITAL, NULL},
                            END};
FIELDS blkio[] = {INT("weight"),
                  PARTS("weight_device", weight_device),
                  PARTS("device_read_bps", throttle_device),
                  PARTS("device_read_iops", throttle_device),
                  PARTS("device_write_bps", throttle_device),
                  PARTS("device_write_iops", throttle_device),
                  END};

FIELDS credential_spec[] = {TEXT("config"), TEXT("file"), TEXT("registry"), END};
FIELDS dependency[] = {
    TEXT("condition"), BOOL("restart"), {"required", SC_FIELD_BOOL, ALWAYS, NULL}, END};
FIELDS device[] = {TEXT("source"), TEXT("target"), TEXT("permissions"), END};
FIELDS device_request[] = {
    TEXTS("capabilities"), TEXT("driver"),     {"count", SC_FIELD_COUNT, 0, NULL},
    TEXTS("device_ids"),   MAPPING("options"), END};

FIELDS update[] = {INT_SET("parallelism"),
                   DURATION("delay"),
                   TEXT("failure_action"),
                   DURATION("monitor"),
                   FLOAT("max_failure_ratio"),
                   TEXT("order"),
                   END};
FIELDS discrete[] = {
    {"kind", SC_FIELD_TEXT, ALWAYS, NULL}, {"value", SC_FIELD_INT, ALWAYS, NULL}, END};
FIELDS generic[] = {PART("discrete_resource_spec", discrete), END};
FIELDS resource[] = {FLOAT("cpus"),
                     SIZE("memory"),
                     INT("pids"),
                     PARTS("devices", device_request),
                     PARTS("generic_resources", generic),
                     END};
FIELDS resources[] = {PART("limits", resource), PART("reservations", resource), END};
FIELDS restart_policy[] = {TEXT("condition"), DURATION_SET("delay"), INT_SET("max_attempts"),
                           DURATION_SET("window"), END};
FIELDS spread[] = {TEXT("spread"), END};
FIELDS placement[] = {TEXTS("constraints"), PARTS("preferences", spread),
                      INT("max_replicas_per_node"), END};
FIELDS deploy[] = {TEXT("mode"),
                   INT_SET("replicas"),
                   MAPPING("labels"),
                   PART("update_config", update),
                   PART("rollback_config", update),
                   {"resources", SC_FIELD_STRUCT, JSON_EMPTY, resources},
                   PART("restart_policy", restart_policy),
                   {"placement", SC_FIELD_STRUCT, JSON_EMPTY, placement},
                   TEXT("endpoint_mode"),
                   END};

FIELDS healthcheck[] = {{"test", SC_FIELD_TEST, 0, NULL},
                        DURATION_SET("timeout"),
                        DURATION_SET("interval"),
                        INT_SET("retries"),
                        DURATION_SET("start_period"),
                        DURATION_SET("start_interval"),
                        BOOL("disable"),
                        END};
FIELDS logging[] = {TEXT("driver"), MAPPING("options"), END};
FIELDS provider[] = {TEXT("type"), {"options", SC_FIELD_MULTI, 0, NULL}, END};
FIELDS service_model[] = {TEXT("endpoint_var"), TEXT("model_var"), END};
FIELDS service_network[] = {TEXTS("aliases"),        MAPPING("driver_opts"),
                            INT("gw_priority"),      TEXT("interface_name"),
                            TEXT("ipv4_address"),    TEXT("ipv6_address"),
                            TEXTS("link_local_ips"), TEXT("mac_address"),
                            INT("priority"),         END};
FIELDS port[] = {TEXT("name"),      TEXT("mode"),     TEXT("host_ip"),      INT("target"),
                 TEXT("published"), TEXT("protocol"), TEXT("app_protocol"), END};

FIELDS bind[] = {TEXT("selinux"),
                 TEXT("propagation"),
                 {"create_host_path", SC_FIELD_BOOL, KEEP | HIDE_TRUE, NULL},
                 TEXT("recursive"),
                 END};
FIELDS volume_part[] = {MAPPING("labels"), BOOL("nocopy"), TEXT("subpath"), END};
FIELDS tmpfs_part[] = {SIZE("size"), INT("mode"), END};
FIELDS image_part[] = {TEXT("subpath"), END};
FIELDS mount[] = {TEXT("type"),
                  TEXT("source"),
                  TEXT("target"),
                  BOOL("read_only"),
                  TEXT("consistency"),
                  PART("bind", bind),
                  PART("volume", volume_part),
                  PART("tmpfs", tmpfs_part),
                  PART("image", image_part),
                  END};

const struct sc_field sc_service_fields[] = {
    TEXTS("profiles"),
    MAPPING("annotations"),
    BOOL_SET("attach"),
    PART("build", build),
    PART("develop", develop),
    PART("blkio_config", blkio),
    TEXTS("cap_add"),
    TEXTS("cap_drop"),
    TEXT("cgroup_parent"),
    TEXT("cgroup"),
    INT("cpu_count"),
    FLOAT("cpu_percent"),
    INT("cpu_period"),
    INT("cpu_quota"),
    INT("cpu_rt_period"),
    INT("cpu_rt_runtime"),
    FLOAT("cpus"),
    TEXT("cpuset"),
    INT("cpu_shares"),
    COMMAND("command"),
    PARTS("configs", grant),
    TEXT("container_name"),
    PART("credential_spec", credential_spec),
    NAMED("depends_on", dependency),
    PART("deploy", deploy),
    TEXTS("device_cgroup_rules"),
    PARTS("devices", device),
    TEXTS("dns"),
    TEXTS("dns_opt"),
    TEXTS("dns_search"),
    TEXT("domainname"),
    COMMAND("entrypoint"),
    PART("provider", provider),
    ENVIRONMENT("environment"),
    TEXTS("expose"),
    TEXTS("external_links"),
    {"extra_hosts", SC_FIELD_HOSTS, 0, NULL},
    TEXTS("group_add"),
    PARTS("gpus", device_request),
    TEXT("hostname"),
    PART("healthcheck", healthcheck),
    TEXT("image"),
    BOOL_SET("init"),
    TEXT("ipc"),
    TEXT("isolation"),
    MAPPING("labels"),
    TEXTS("label_file"),
    TEXTS("links"),
    PART("logging", logging),
    SIZE("mem_limit"),
    SIZE("mem_reservation"),
    SIZE("memswap_limit"),
    SIZE("mem_swappiness"),
    TEXT("mac_address"),
    NAMED("models", service_model),
    TEXT("network_mode"),
    NAMED("networks", service_network),
    BOOL("oom_kill_disable"),
    INT("oom_score_adj"),
    TEXT("pid"),
    INT("pids_limit"),
    TEXT("platform"),
    PARTS("ports", port),
    BOOL("privileged"),
    TEXT("pull_policy"),
    BOOL("read_only"),
    TEXT("restart"),
    TEXT("runtime"),
    INT_SET("scale"),
    PARTS("secrets", grant),
    TEXTS("security_opt"),
    SIZE("shm_size"),
    BOOL("stdin_open"),
    DURATION_SET("stop_grace_period"),
    TEXT("stop_signal"),
    MAPPING("storage_opt"),
    MAPPING("sysctls"),
    TEXTS("tmpfs"),
    BOOL("tty"),
    {"ulimits", SC_FIELD_ULIMITS, 0, NULL},
    BOOL("use_api_socket"),
    TEXT("user"),
    TEXT("userns_mode"),
    TEXT("uts"),
    PARTS("volumes", mount),
    TEXTS("volumes_from"),
    TEXT("working_dir"),
    PARTS("pre_start", hook),
    PARTS("post_start", hook),
    PARTS("pre_stop", hook),
    END,
};

FIELDS ipam_pool[] = {TEXT("subnet"), TEXT("gateway"), TEXT("ip_range"), MAPPING("aux_addresses"),
                      END};
FIELDS ipam[] = {TEXT("driver"), PARTS("config", ipam_pool), MAPPING("options"), END};
const struct sc_field sc_network_fields[] = {TEXT("name"),
                                             TEXT("driver"),
                                             MAPPING("driver_opts"),
                                             {"ipam", SC_FIELD_STRUCT, JSON_EMPTY, ipam},
                                             BOOL("external"),
                                             BOOL("internal"),
                                             BOOL("attachable"),
                                             MAPPING("labels"),
                                             BOOL_SET("enable_ipv4"),
                                             BOOL_SET("enable_ipv6"),
                                             END};

const struct sc_field sc_volume_fields[] = {
    TEXT("name"), TEXT("driver"), MAPPING("driver_opts"), BOOL("external"), MAPPING("labels"), END};

const struct sc_field sc_secret_fields[] = {TEXT("name"),
                                            TEXT("file"),
                                            TEXT("environment"),
                                            BOOL("external"),
                                            MAPPING("labels"),
                                            TEXT("driver"),
                                            MAPPING("driver_opts"),
                                            TEXT("template_driver"),
                                            END};

const struct sc_field sc_config_fields[] = {
    TEXT("name"),     TEXT("file"),      TEXT("environment"),     TEXT("content"),
    BOOL("external"), MAPPING("labels"), TEXT("template_driver"), END};

const struct sc_field sc_model_fields[] = {TEXT("name"), TEXT("model"), INT("context_size"),
                                           TEXTS("runtime_flags"), END};
