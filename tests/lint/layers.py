#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks every #include against tests/lint/layers.txt.

Reported, with file and line: a module or header the table does not allow, a third-party header
outside the files named for it, a quoted include without its "module/" prefix, a .c file whose last
include is not core/banned.h, and any cycle among headers. There is no allow-list.
"""
import pathlib
import re
import sys

# Headers of the C library and the kernel's user interface that need no permission; everything else
# in <...> must stand in the table.
SYSTEM = re.compile(
    r"^(assert|ctype|dirent|dlfcn|endian|errno|fcntl|fnmatch|float|ftw|getopt|glob|grp|inttypes|limits|locale|"
    r"math|mntent|netdb|poll|pthread|pty|pwd|regex|sched|setjmp|signal|spawn|stdalign|stdarg|stdatomic|"
    r"stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|strings|syscall|syslog|termios|threads|"
    r"time|unistd|utime|wchar|elf|link|byteswap|cpuid|immintrin|semaphore|search|"
    r"sys/\w+|sys/platform/x86|arpa/inet|netinet/\w+|net/if|asm/\w+|linux/(?!fuse)\w+)\.h$"
)
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def read_table(path):
    modules, third_party = {}, {}
    for raw in path.read_text().splitlines():
        line = raw.split("#", 1)[0].strip()
        if not line:
            continue
        key, _, rest = line.partition(":")
        target = third_party if key.startswith("!") else modules
        target.setdefault(key.lstrip("!").strip(), set()).update(rest.split())
    return modules, third_party


def includes_of(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1) == '"', match.group(2)


def check_file(name, path, modules, third_party, report):
    module = name.split("/", 1)[0]
    last = None
    for number, quoted, header in includes_of(path):
        if not header.endswith(".def"):
            last = header
        if not quoted:
            allowed = third_party.get(header)
            if allowed is None and not SYSTEM.match(header):
                report(name, number, f"<{header}> is not in the table of third-party headers")
            elif allowed is not None and name not in allowed:
                report(name, number, f"<{header}> may be included by {', '.join(sorted(allowed))} only")
            continue
        if "/" not in header:
            report(name, number, f'"{header}" lacks its module: write "{module}/{header}"')
            continue
        other = header.split("/", 1)[0]
        if other != module and other not in modules[module] and header not in modules[module]:
            report(name, number, f"{module} may not include {header}")
    if path.suffix == ".c" and last is not None and last != "core/banned.h" and module != "shim":
        report(name, 1, 'the last include must be "core/banned.h"')


def find_cycle(graph):
    state, stack = {}, []

    def visit(node):
        state[node] = 1
        stack.append(node)
        for other in graph.get(node, ()):
            if state.get(other) == 1:
                return stack[stack.index(other):] + [other]
            if other not in state:
                cycle = visit(other)
                if cycle:
                    return cycle
        stack.pop()
        state[node] = 2
        return None

    for node in sorted(graph):
        if node not in state:
            cycle = visit(node)
            if cycle:
                return cycle
    return None


def main(root):
    modules, third_party = read_table(root / "tests/lint/layers.txt")
    faults = []

    def report(name, number, text):
        faults.append(f"{name}:{number}: {text}")

    graph = {}
    for module in sorted(modules):
        for path in sorted((root / module).rglob("*.[ch]")):
            name = path.relative_to(root).as_posix()
            check_file(name, path, modules, third_party, report)
            if path.suffix == ".h":
                graph[name] = [h for _, quoted, h in includes_of(path) if quoted]
    for header, names in third_party.items():
        for name in names:
            if not (root / name).exists():
                report("tests/lint/layers.txt", 1, f"{name} (for {header}) does not exist")
    cycle = find_cycle(graph)
    if cycle:
        report(cycle[0], 1, "header cycle: " + " -> ".join(cycle))
    print("\n".join(faults) or f"{len(graph)} headers, no fault")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
