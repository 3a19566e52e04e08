# SPDX-License-Identifier: Apache-2.0
# The bash completion offers commands, second words and options; every shell's script is well formed.
. "$SC_SOURCE/tests/support/functions.sh"

run 0 "$SECRETSCTL" completion bash
cp "$T/out" "$T/script"
bash -n "$T/script"

# complete_words LINE...: what the script offers for the last word.
complete_words() {
    bash -c '
        . "$1"; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
        _secretsctl
        printf "%s\n" "${COMPREPLY[@]}"' _ "$T/script" "$@"
}
complete_words secretsctl hel | grep -x help >/dev/null || fail "'hel' does not complete to help"
complete_words secretsctl help --no-c | grep -x -- --no-color >/dev/null || fail "no option offered"
complete_words secretsctl compose "" | grep -x rewrite >/dev/null || fail "no second word offered"

run 0 "$SECRETSCTL" completion zsh
out_has "#compdef secretsctl"
run 0 "$SECRETSCTL" completion fish
out_has "complete -c secretsctl"

run 2 "$SECRETSCTL" completion tcsh
err_is "secretsctl: SHELL must be one of: bash, zsh, fish"
