/* SPDX-License-Identifier: Apache-2.0
 *
 * The shapes of every attribute of a Compose project; see compose/load/schema.h. Names and types
 * follow the Compose Specification.
 */
#include "compose/load/schema.h"

#include "core/banned.h"

#define TEXT    SC_SCHEMA_TEXT
#define NUMBER  SC_SCHEMA_NUMBER
#define INTEGER SC_SCHEMA_INTEGER
#define SWITCH  SC_SCHEMA_SWITCH
#define NOTHING SC_SCHEMA_NULL
#define LIST    SC_SCHEMA_LIST
#define MAP     SC_SCHEMA_MAP

#define SHAPE static const struct sc_shape
#define KEYS  static const struct sc_shape_key

/* ---- scalars ---- */

SHAPE any = {.types = SC_SCHEMA_ANY};
SHAPE text = {.types = TEXT};
SHAPE integer = {.types = INTEGER};
SHAPE boolean = {.types = SWITCH};
SHAPE text_or_number = {.types = TEXT | NUMBER};
SHAPE text_or_integer = {.types = TEXT | INTEGER};
SHAPE text_or_switch = {.types = TEXT | SWITCH};
SHAPE text_or_nothing = {.types = TEXT | NOTHING};
SHAPE scalar = {.types = TEXT | NUMBER | SWITCH};
SHAPE scalar_or_nothing = {.types = TEXT | NUMBER | SWITCH | NOTHING};
SHAPE option_value = {.types = TEXT | NUMBER | NOTHING};

/* ---- common lists and maps ---- */

SHAPE texts = {.types = LIST, .item = &text};
SHAPE unique_texts = {.types = LIST, .flags = SC_SCHEMA_UNIQUE, .item = &text};
SHAPE text_or_texts = {.types = TEXT | LIST, .flags = SC_SCHEMA_UNIQUE, .item = &text};
SHAPE text_or_list = {.types = TEXT | LIST, .item = &text};
SHAPE unique_text_numbers = {.types = LIST, .flags = SC_SCHEMA_UNIQUE, .item = &text_or_number};
SHAPE command = {.types = NOTHING | TEXT | LIST, .item = &text};
SHAPE list_or_dict = {.types = MAP | LIST,
                      .flags = SC_SCHEMA_UNIQUE | SC_SCHEMA_EXACT,
                      .item = &text,
                      .other = &scalar_or_nothing};
SHAPE text_map = {.types = MAP, .flags = SC_SCHEMA_EXACT, .other = &text};
SHAPE driver_options = {.types = MAP, .flags = SC_SCHEMA_EXACT, .other = &text_or_number};

SHAPE extra_hosts = {.types = MAP | LIST,
                     .flags = SC_SCHEMA_UNIQUE | SC_SCHEMA_EXACT,
                     .item = &text,
                     .other = &text_or_list};

KEYS grant_keys[] = {
    {"source", &text, false}, {"target", &text, false},         {"uid", &text, false},
    {"gid", &text, false},    {"mode", &text_or_number, false}, {NULL, NULL, false}};
SHAPE grant = {.types = TEXT | MAP, .keys = grant_keys};
SHAPE grants = {.types = LIST, .item = &grant};

KEYS env_file_keys[] = {{"path", &text, true},
                        {"format", &text, false},
                        {"required", &text_or_switch, false},
                        {NULL, NULL, false}};
SHAPE env_file_item = {.types = TEXT | MAP, .flags = SC_SCHEMA_EXACT, .keys = env_file_keys};
SHAPE env_file = {.types = TEXT | LIST, .item = &env_file_item};

KEYS ulimit_keys[] = {
    {"hard", &text_or_integer, true}, {"soft", &text_or_integer, true}, {NULL, NULL, false}};
SHAPE ulimit = {.types = TEXT | INTEGER | MAP, .keys = ulimit_keys};
SHAPE ulimits = {.types = MAP, .flags = SC_SCHEMA_LOWER, .other = &ulimit};

KEYS external_keys[] = {{"name", &text, false}, {NULL, NULL, false}};
SHAPE external = {.types = TEXT | SWITCH | MAP, .keys = external_keys};
SHAPE external_open = {
    .types = TEXT | SWITCH | MAP, .flags = SC_SCHEMA_OPEN, .keys = external_keys};

/* ---- hooks ---- */

KEYS hook_keys[] = {{"command", &command, true},
                    {"user", &text, false},
                    {"privileged", &text_or_switch, false},
                    {"working_dir", &text, false},
                    {"environment", &list_or_dict, false},
                    {NULL, NULL, false}};
SHAPE hook = {.types = MAP, .keys = hook_keys};
SHAPE hooks = {.types = LIST, .item = &hook};

KEYS start_hook_keys[] = {{"command", &command, false},
                          {"image", &text, false},
                          {"user", &text, false},
                          {"privileged", &text_or_switch, false},
                          {"working_dir", &text, false},
                          {"environment", &list_or_dict, false},
                          {"per_replica", &text_or_switch, false},
                          {NULL, NULL, false}};
SHAPE start_hook = {.types = MAP, .keys = start_hook_keys};
SHAPE start_hooks = {.types = LIST, .item = &start_hook};

/* ---- build and develop ---- */

KEYS build_keys[] = {{"context", &text, false},
                     {"dockerfile", &text, false},
                     {"dockerfile_inline", &text, false},
                     {"entitlements", &texts, false},
                     {"args", &list_or_dict, false},
                     {"ssh", &list_or_dict, false},
                     {"labels", &list_or_dict, false},
                     {"cache_from", &texts, false},
                     {"cache_to", &texts, false},
                     {"no_cache", &text_or_switch, false},
                     {"no_cache_filter", &text_or_texts, false},
                     {"additional_contexts", &list_or_dict, false},
                     {"network", &text, false},
                     {"provenance", &text_or_switch, false},
                     {"sbom", &text_or_switch, false},
                     {"pull", &text_or_switch, false},
                     {"target", &text, false},
                     {"shm_size", &text_or_integer, false},
                     {"extra_hosts", &extra_hosts, false},
                     {"isolation", &text, false},
                     {"privileged", &text_or_switch, false},
                     {"secrets", &grants, false},
                     {"tags", &texts, false},
                     {"ulimits", &ulimits, false},
                     {"platforms", &texts, false},
                     {NULL, NULL, false}};
SHAPE build = {.types = TEXT | MAP, .keys = build_keys};

SHAPE watch_action = {.types = TEXT, .choices = "rebuild|sync|restart|sync+restart|sync+exec"};
KEYS watch_keys[] = {{"path", &text, true},
                     {"action", &watch_action, true},
                     {"target", &text, false},
                     {"ignore", &text_or_texts, false},
                     {"include", &text_or_texts, false},
                     {"exec", &hook, false},
                     {"initial_sync", &boolean, false},
                     {NULL, NULL, false}};
SHAPE watch_item = {.types = MAP, .keys = watch_keys};
SHAPE watch = {.types = LIST, .item = &watch_item};
KEYS develop_keys[] = {{"watch", &watch, false}, {NULL, NULL, false}};
SHAPE develop = {.types = MAP | NOTHING, .keys = develop_keys};

/* ---- deploy ---- */

KEYS device_request_keys[] = {
    {"capabilities", &unique_texts, true}, {"count", &text_or_integer, false},
    {"device_ids", &unique_texts, false},  {"driver", &text, false},
    {"options", &list_or_dict, false},     {NULL, NULL, false}};
SHAPE device_request = {.types = MAP, .keys = device_request_keys};
SHAPE device_requests = {.types = LIST, .item = &device_request};

KEYS discrete_keys[] = {
    {"kind", &text, false}, {"value", &text_or_number, false}, {NULL, NULL, false}};
SHAPE discrete = {.types = MAP, .keys = discrete_keys};
KEYS generic_keys[] = {{"discrete_resource_spec", &discrete, false}, {NULL, NULL, false}};
SHAPE generic = {.types = MAP, .keys = generic_keys};
SHAPE generics = {.types = LIST, .item = &generic};

KEYS limit_keys[] = {{"cpus", &text_or_number, false},
                     {"memory", &text, false},
                     {"pids", &text_or_integer, false},
                     {NULL, NULL, false}};
SHAPE limits = {.types = MAP, .keys = limit_keys};
KEYS reservation_keys[] = {{"cpus", &text_or_number, false},
                           {"memory", &text, false},
                           {"generic_resources", &generics, false},
                           {"devices", &device_requests, false},
                           {NULL, NULL, false}};
SHAPE reservations = {.types = MAP, .keys = reservation_keys};
KEYS resource_keys[] = {
    {"limits", &limits, false}, {"reservations", &reservations, false}, {NULL, NULL, false}};
SHAPE resources = {.types = MAP, .keys = resource_keys};

SHAPE update_order = {.types = TEXT, .choices = "start-first|stop-first"};
KEYS update_keys[] = {{"parallelism", &text_or_integer, false},
                      {"delay", &text, false},
                      {"failure_action", &text, false},
                      {"monitor", &text, false},
                      {"max_failure_ratio", &text_or_number, false},
                      {"order", &update_order, false},
                      {NULL, NULL, false}};
SHAPE update = {.types = MAP, .keys = update_keys};

KEYS restart_keys[] = {{"condition", &text, false},
                       {"delay", &text, false},
                       {"max_attempts", &text_or_integer, false},
                       {"window", &text, false},
                       {NULL, NULL, false}};
SHAPE restart_policy = {.types = MAP, .keys = restart_keys};

KEYS spread_keys[] = {{"spread", &text, false}, {NULL, NULL, false}};
SHAPE spread = {.types = MAP, .keys = spread_keys};
SHAPE spreads = {.types = LIST, .item = &spread};
KEYS placement_keys[] = {{"constraints", &texts, false},
                         {"preferences", &spreads, false},
                         {"max_replicas_per_node", &text_or_integer, false},
                         {NULL, NULL, false}};
SHAPE placement = {.types = MAP, .keys = placement_keys};

KEYS deploy_keys[] = {{"mode", &text, false},
                      {"endpoint_mode", &text, false},
                      {"replicas", &text_or_integer, false},
                      {"labels", &list_or_dict, false},
                      {"rollback_config", &update, false},
                      {"update_config", &update, false},
                      {"resources", &resources, false},
                      {"restart_policy", &restart_policy, false},
                      {"placement", &placement, false},
                      {NULL, NULL, false}};
SHAPE deploy = {.types = MAP | NOTHING, .keys = deploy_keys};

/* ---- parts of a service ---- */

KEYS rate_keys[] = {{"path", &text, false}, {"rate", &text_or_integer, false}, {NULL, NULL, false}};
SHAPE rate = {.types = MAP, .flags = SC_SCHEMA_EXACT, .keys = rate_keys};
SHAPE rates = {.types = LIST, .item = &rate};
KEYS weight_keys[] = {
    {"path", &text, false}, {"weight", &text_or_integer, false}, {NULL, NULL, false}};
SHAPE weight = {.types = MAP, .flags = SC_SCHEMA_EXACT, .keys = weight_keys};
SHAPE weights = {.types = LIST, .item = &weight};
KEYS blkio_keys[] = {{"device_read_bps", &rates, false},
                     {"device_read_iops", &rates, false},
                     {"device_write_bps", &rates, false},
                     {"device_write_iops", &rates, false},
                     {"weight", &text_or_integer, false},
                     {"weight_device", &weights, false},
                     {NULL, NULL, false}};
SHAPE blkio = {.types = MAP, .flags = SC_SCHEMA_EXACT, .keys = blkio_keys};

SHAPE container_name = {
    .types = TEXT, .accepts = sc_shape_container_name, .must = "have two characters or more"};
SHAPE pull_policy = {.types = TEXT,
                     .accepts = sc_shape_pull_policy,
                     .must = "be always, never, missing, build, refresh, daily, weekly or every_N"};
SHAPE cgroup = {.types = TEXT, .choices = "host|private"};
SHAPE cpu_count = {.types = TEXT | INTEGER, .min = 0, .max = INT64_MAX};
SHAPE cpu_percent = {.types = TEXT | INTEGER, .min = 0, .max = 100};
SHAPE oom_score = {.types = TEXT | INTEGER, .min = -1000, .max = 1000};

KEYS credential_spec_keys[] = {{"config", &text, false},
                               {"file", &text, false},
                               {"registry", &text, false},
                               {NULL, NULL, false}};
SHAPE credential_spec = {.types = MAP, .keys = credential_spec_keys};

SHAPE condition = {.types = TEXT,
                   .choices = "service_started|service_healthy|service_completed_successfully"};
KEYS dependency_keys[] = {{"restart", &text_or_switch, false},
                          {"required", &boolean, false},
                          {"condition", &condition, true},
                          {NULL, NULL, false}};
SHAPE dependency = {.types = MAP, .keys = dependency_keys};
SHAPE depends_on = {.types = LIST | MAP,
                    .flags = SC_SCHEMA_UNIQUE | SC_SCHEMA_NAMES | SC_SCHEMA_EXACT,
                    .item = &text,
                    .other = &dependency};

KEYS device_keys[] = {{"source", &text, true},
                      {"target", &text, false},
                      {"permissions", &text, false},
                      {NULL, NULL, false}};
SHAPE device = {.types = TEXT | MAP, .keys = device_keys};
SHAPE devices = {.types = LIST, .item = &device};

KEYS extends_keys[] = {{"service", &text, true}, {"file", &text, false}, {NULL, NULL, false}};
SHAPE extends = {.types = TEXT | MAP, .flags = SC_SCHEMA_EXACT, .keys = extends_keys};

KEYS gpu_keys[] = {{"capabilities", &unique_texts, false}, {"count", &text_or_integer, false},
                   {"device_ids", &unique_texts, false},   {"driver", &text, false},
                   {"options", &list_or_dict, false},      {NULL, NULL, false}};
SHAPE gpu = {.types = MAP, .flags = SC_SCHEMA_OPEN, .keys = gpu_keys};
SHAPE gpus = {.types = TEXT | LIST, .choices = "all", .item = &gpu};

KEYS healthcheck_keys[] = {{"disable", &text_or_switch, false}, {"interval", &text, false},
                           {"retries", &text_or_number, false}, {"test", &text_or_list, false},
                           {"timeout", &text, false},           {"start_period", &text, false},
                           {"start_interval", &text, false},    {NULL, NULL, false}};
SHAPE healthcheck = {.types = MAP, .keys = healthcheck_keys};

SHAPE logging_options = {.types = MAP, .flags = SC_SCHEMA_EXACT, .other = &option_value};
KEYS logging_keys[] = {
    {"driver", &text, false}, {"options", &logging_options, false}, {NULL, NULL, false}};
SHAPE logging = {.types = MAP, .keys = logging_keys};

KEYS service_model_keys[] = {
    {"endpoint_var", &text, false}, {"model_var", &text, false}, {NULL, NULL, false}};
SHAPE service_model = {.types = MAP | NOTHING, .keys = service_model_keys};
SHAPE service_models = {.types = LIST | MAP,
                        .flags = SC_SCHEMA_UNIQUE | SC_SCHEMA_NAMES | SC_SCHEMA_OPEN,
                        .item = &text,
                        .other = &service_model};

KEYS service_network_keys[] = {
    {"aliases", &unique_texts, false},        {"interface_name", &text, false},
    {"ipv4_address", &text, false},           {"ipv6_address", &text, false},
    {"link_local_ips", &unique_texts, false}, {"mac_address", &text, false},
    {"driver_opts", &driver_options, false},  {"priority", &text_or_number, false},
    {"gw_priority", &text_or_number, false},  {NULL, NULL, false}};
SHAPE service_network = {.types = MAP | NOTHING, .keys = service_network_keys};
SHAPE service_networks = {.types = LIST | MAP,
                          .flags = SC_SCHEMA_UNIQUE | SC_SCHEMA_NAMES | SC_SCHEMA_EXACT,
                          .item = &text,
                          .other = &service_network};

KEYS port_keys[] = {{"name", &text, false},
                    {"mode", &text, false},
                    {"host_ip", &text, false},
                    {"target", &text_or_integer, false},
                    {"published", &text_or_integer, false},
                    {"protocol", &text, false},
                    {"app_protocol", &text, false},
                    {NULL, NULL, false}};
SHAPE port = {.types = NUMBER | TEXT | MAP, .keys = port_keys};
SHAPE ports = {.types = LIST, .flags = SC_SCHEMA_UNIQUE, .item = &port};

SHAPE option_values = {.types = TEXT | NUMBER | SWITCH | LIST, .item = &scalar};
SHAPE provider_options = {.types = MAP, .flags = SC_SCHEMA_EXACT, .other = &option_values};
KEYS provider_keys[] = {
    {"type", &text, true}, {"options", &provider_options, false}, {NULL, NULL, false}};
SHAPE provider = {.types = MAP, .keys = provider_keys};

SHAPE any_map = {.types = MAP, .flags = SC_SCHEMA_OPEN, .other = &any};

/* ---- volumes of a service ---- */

SHAPE bind_recursive = {.types = TEXT, .choices = "enabled|disabled|writable|readonly"};
SHAPE bind_selinux = {.types = TEXT, .choices = "z|Z"};
KEYS bind_keys[] = {{"propagation", &text, false},
                    {"create_host_path", &text_or_switch, false},
                    {"recursive", &bind_recursive, false},
                    {"selinux", &bind_selinux, false},
                    {NULL, NULL, false}};
SHAPE bind = {.types = MAP, .keys = bind_keys};
KEYS volume_part_keys[] = {{"labels", &list_or_dict, false},
                           {"nocopy", &text_or_switch, false},
                           {"subpath", &text, false},
                           {NULL, NULL, false}};
SHAPE volume_part = {.types = MAP, .keys = volume_part_keys};
SHAPE tmpfs_size = {.types = TEXT | INTEGER, .min = 0, .max = INT64_MAX};
KEYS tmpfs_keys[] = {
    {"size", &tmpfs_size, false}, {"mode", &text_or_number, false}, {NULL, NULL, false}};
SHAPE tmpfs_part = {.types = MAP, .keys = tmpfs_keys};
KEYS image_keys[] = {{"subpath", &text, false}, {NULL, NULL, false}};
SHAPE image_part = {.types = MAP, .keys = image_keys};
SHAPE mount_type = {.types = TEXT, .choices = "bind|volume|tmpfs|cluster|npipe|image"};
KEYS mount_keys[] = {{"type", &mount_type, true},     {"source", &text, false},
                     {"target", &text, false},        {"read_only", &text_or_switch, false},
                     {"consistency", &text, false},   {"bind", &bind, false},
                     {"volume", &volume_part, false}, {"tmpfs", &tmpfs_part, false},
                     {"image", &image_part, false},   {NULL, NULL, false}};
SHAPE mount = {.types = TEXT | MAP, .keys = mount_keys};
SHAPE mounts = {.types = LIST, .flags = SC_SCHEMA_UNIQUE, .item = &mount};

/* ---- the service ---- */

KEYS service_keys[] = {{"annotations", &list_or_dict, false},
                       {"attach", &text_or_switch, false},
                       {"blkio_config", &blkio, false},
                       {"build", &build, false},
                       {"cap_add", &unique_texts, false},
                       {"cap_drop", &unique_texts, false},
                       {"cgroup", &cgroup, false},
                       {"cgroup_parent", &text, false},
                       {"command", &command, false},
                       {"configs", &grants, false},
                       {"container_name", &container_name, false},
                       {"cpu_count", &cpu_count, false},
                       {"cpu_percent", &cpu_percent, false},
                       {"cpu_period", &text_or_number, false},
                       {"cpu_quota", &text_or_number, false},
                       {"cpu_rt_period", &text_or_number, false},
                       {"cpu_rt_runtime", &text_or_number, false},
                       {"cpu_shares", &text_or_number, false},
                       {"cpus", &text_or_number, false},
                       {"cpuset", &text, false},
                       {"credential_spec", &credential_spec, false},
                       {"depends_on", &depends_on, false},
                       {"deploy", &deploy, false},
                       {"develop", &develop, false},
                       {"device_cgroup_rules", &unique_texts, false},
                       {"devices", &devices, false},
                       {"dns", &text_or_texts, false},
                       {"dns_opt", &unique_texts, false},
                       {"dns_search", &text_or_texts, false},
                       {"domainname", &text, false},
                       {"entrypoint", &command, false},
                       {"env_file", &env_file, false},
                       {"environment", &list_or_dict, false},
                       {"expose", &unique_text_numbers, false},
                       {"extends", &extends, false},
                       {"external_links", &unique_texts, false},
                       {"extra_hosts", &extra_hosts, false},
                       {"gpus", &gpus, false},
                       {"group_add", &unique_text_numbers, false},
                       {"healthcheck", &healthcheck, false},
                       {"hostname", &text, false},
                       {"image", &text, false},
                       {"init", &text_or_switch, false},
                       {"ipc", &text, false},
                       {"isolation", &text, false},
                       {"label_file", &text_or_list, false},
                       {"labels", &list_or_dict, false},
                       {"links", &unique_texts, false},
                       {"logging", &logging, false},
                       {"mac_address", &text, false},
                       {"mem_limit", &text_or_number, false},
                       {"mem_reservation", &text_or_integer, false},
                       {"mem_swappiness", &text_or_integer, false},
                       {"memswap_limit", &text_or_number, false},
                       {"models", &service_models, false},
                       {"network_mode", &text, false},
                       {"networks", &service_networks, false},
                       {"oom_kill_disable", &text_or_switch, false},
                       {"oom_score_adj", &oom_score, false},
                       {"pid", &text_or_nothing, false},
                       {"pids_limit", &text_or_number, false},
                       {"platform", &text, false},
                       {"ports", &ports, false},
                       {"post_start", &hooks, false},
                       {"pre_start", &start_hooks, false},
                       {"pre_stop", &hooks, false},
                       {"privileged", &text_or_switch, false},
                       {"profiles", &unique_texts, false},
                       {"provider", &provider, false},
                       {"pull_policy", &pull_policy, false},
                       {"pull_refresh_after", &text, false},
                       {"read_only", &text_or_switch, false},
                       {"restart", &text, false},
                       {"runtime", &text, false},
                       {"scale", &text_or_integer, false},
                       {"secrets", &grants, false},
                       {"security_opt", &unique_texts, false},
                       {"shm_size", &text_or_number, false},
                       {"stdin_open", &text_or_switch, false},
                       {"stop_grace_period", &text, false},
                       {"stop_signal", &text, false},
                       {"storage_opt", &any_map, false},
                       {"sysctls", &list_or_dict, false},
                       {"tmpfs", &text_or_texts, false},
                       {"tty", &text_or_switch, false},
                       {"ulimits", &ulimits, false},
                       {"use_api_socket", &boolean, false},
                       {"user", &text, false},
                       {"userns_mode", &text, false},
                       {"uts", &text, false},
                       {"volumes", &mounts, false},
                       {"volumes_from", &unique_texts, false},
                       {"working_dir", &text, false},
                       {NULL, NULL, false}};
SHAPE service = {.types = MAP, .keys = service_keys};

/* ---- top level ---- */

KEYS secret_keys[] = {{"name", &text, false},
                      {"environment", &text, false},
                      {"file", &text, false},
                      {"external", &external_open, false},
                      {"labels", &list_or_dict, false},
                      {"driver", &text, false},
                      {"driver_opts", &driver_options, false},
                      {"template_driver", &text, false},
                      {NULL, NULL, false}};
SHAPE secret = {.types = MAP, .keys = secret_keys};

KEYS config_keys[] = {{"name", &text, false},
                      {"content", &text, false},
                      {"environment", &text, false},
                      {"file", &text, false},
                      {"external", &external_open, false},
                      {"labels", &list_or_dict, false},
                      {"template_driver", &text, false},
                      {NULL, NULL, false}};
SHAPE config = {.types = MAP, .keys = config_keys};

KEYS volume_keys[] = {{"name", &text, false},
                      {"driver", &text, false},
                      {"driver_opts", &driver_options, false},
                      {"external", &external, false},
                      {"labels", &list_or_dict, false},
                      {NULL, NULL, false}};
SHAPE volume = {.types = MAP | NOTHING, .keys = volume_keys};

KEYS pool_keys[] = {{"subnet", &text, false},
                    {"ip_range", &text, false},
                    {"gateway", &text, false},
                    {"aux_addresses", &text_map, false},
                    {NULL, NULL, false}};
SHAPE pool = {.types = MAP, .keys = pool_keys};
SHAPE pools = {.types = LIST, .item = &pool};
KEYS ipam_keys[] = {{"driver", &text, false},
                    {"config", &pools, false},
                    {"options", &text_map, false},
                    {NULL, NULL, false}};
SHAPE ipam = {.types = MAP, .keys = ipam_keys};
KEYS network_keys[] = {{"name", &text, false},
                       {"driver", &text, false},
                       {"driver_opts", &driver_options, false},
                       {"ipam", &ipam, false},
                       {"external", &external, false},
                       {"internal", &text_or_switch, false},
                       {"enable_ipv4", &text_or_switch, false},
                       {"enable_ipv6", &text_or_switch, false},
                       {"attachable", &text_or_switch, false},
                       {"labels", &list_or_dict, false},
                       {NULL, NULL, false}};
SHAPE network = {.types = MAP | NOTHING, .keys = network_keys};

KEYS model_keys[] = {{"name", &text, false},
                     {"model", &text, true},
                     {"context_size", &integer, false},
                     {"runtime_flags", &texts, false},
                     {NULL, NULL, false}};
SHAPE model = {.types = MAP, .keys = model_keys};

KEYS include_keys[] = {{"path", &text_or_texts, false},
                       {"env_file", &text_or_texts, false},
                       {"project_directory", &text, false},
                       {NULL, NULL, false}};
SHAPE include_item = {.types = TEXT | MAP, .flags = SC_SCHEMA_EXACT, .keys = include_keys};
SHAPE include = {.types = LIST, .item = &include_item};

#define NAMED(shape)                                                                               \
    {                                                                                              \
        .types = MAP, .flags = SC_SCHEMA_NAMES | SC_SCHEMA_EXACT, .other = (shape)                 \
    }
#define NAMED_OPEN(shape)                                                                          \
    {                                                                                              \
        .types = MAP, .flags = SC_SCHEMA_NAMES | SC_SCHEMA_OPEN, .other = (shape)                  \
    }
SHAPE services = NAMED(&service);
SHAPE volumes = NAMED(&volume);
SHAPE secrets = NAMED(&secret);
SHAPE configs = NAMED(&config);
SHAPE networks = NAMED_OPEN(&network);
SHAPE models = NAMED_OPEN(&model);

KEYS project_keys[] = {{"version", &text, false},    {"name", &text, false},
                       {"include", &include, false}, {"services", &services, false},
                       {"volumes", &volumes, false}, {"secrets", &secrets, false},
                       {"configs", &configs, false}, {"networks", &networks, false},
                       {"models", &models, false},   {NULL, NULL, false}};
const struct sc_shape sc_shape_project = {.types = MAP, .keys = project_keys};
