# SPDX-License-Identifier: Apache-2.0
# Every C file is as clang-format leaves it. Usage: format.sh SOURCE-ROOT CLANG-FORMAT
set -euo pipefail
VERSION=14 # each one breaks some lines otherwise than the one before
cd "$1"
if ! "$2" --version | grep "version $VERSION\." >/dev/null; then
    echo "SKIP: the format is that of clang-format $VERSION"
    exit 77
fi
faults=$(find . -name '*.[ch]' -not -path './build*' -print0 |
    xargs -0 "$2" --dry-run --Werror 2>&1 | grep -E 'error:|warning:') || true
if [ -n "$faults" ]; then
    head -40 <<<"$faults"
    exit 1
fi
echo "formatted"
