# SPDX-License-Identifier: Apache-2.0
# The completions offer commands, second words, options, their values, entries, rules and files; past options with
# values, and with '=' as bash splits it. fish and zsh are asked themselves where they are installed.
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
offers() { complete_words "${@:2}" | grep -xF -- "$1" >/dev/null || fail "'${*:2}' does not offer '$1'"; }
lacks() { ! complete_words "${@:2}" | grep -xF -- "$1" >/dev/null || fail "'${*:2}' offers '$1'"; }
new_vault
printf x | run 0 "$SECRETSCTL" add shop/db_password
mkdir bin 'a folder'
ln -s "$SECRETSCTL" bin/secretsctl
export PATH=$T/bin:$PATH
printf x >'my file.yml'

offers help secretsctl hel
offers --no-color secretsctl help --no-c
offers rewrite secretsctl compose ""
offers add secretsctl slot a
lacks add secretsctl slot add a
offers --new-passphrase-file secretsctl slot add --n
lacks --new-passphrase-file secretsctl add --n
offers get secretsctl --vault other.db ge
offers get secretsctl --vault = other.db ge
lacks get secretsctl --vault ge
offers json secretsctl audit --format js
offers json secretsctl audit --format =
offers json secretsctl audit --format = js
offers 'my file.yml' secretsctl audit my
offers 'my file.yml' secretsctl add -f m
offers 'a folder' secretsctl provision ""
lacks 'my file.yml' secretsctl provision ""
lacks 'my file.yml' secretsctl init ""
offers shop/db_password secretsctl get sh
offers compose-env-literal secretsctl explain compose-env-l
offers basename secretsctl run --scope shop -- basen
offers 'my file.yml' secretsctl run basename m
lacks --scope secretsctl run basename --s
offers fish secretsctl completion ""
offers volume secretsctl verify image x vol
offers list secretsctl help grant ""

run 0 "$SECRETSCTL" completion fish
cp "$T/out" script.fish
if command -v fish >/dev/null; then
    fish --no-execute script.fish
    fish_offers() {
        fish --no-config -c 'source script.fish; complete -C $argv' "$2" | cut -f1 | grep -xF -- "$1" >/dev/null ||
            fail "fish: '$2' does not offer '$1'"
    }
    fish_offers rewrite 'secretsctl compose '
    fish_offers rewrite 'secretsctl help compose '
    fish_offers list 'secretsctl help slot '
    fish_offers compose 'secretsctl help com'
    run 1 fish --no-config -c 'source script.fish; complete -C "secretsctl help slot " | string match "audit*"'
    fish_offers --new-passphrase-file 'secretsctl slot add --n'
    fish_offers get 'secretsctl --vault other.db ge'
    fish_offers json 'secretsctl audit --format j'
    fish_offers 'my file.yml' 'secretsctl audit m'
    fish_offers shop/db_password 'secretsctl get sh'
    fish_offers basename 'secretsctl run -- basen'
fi

run 0 "$SECRETSCTL" completion zsh
cp "$T/out" _secretsctl
if command -v zsh >/dev/null; then
    zsh -n _secretsctl
    cat >ask.zsh <<'END'
compdef() { :; }
source ./_secretsctl
# what the word under the cursor is, and what there is for it
local command takes current at
local -a line offers
line=(secretsctl "$@") at=$# current=${@[-1]}
_secretsctl_read
print -l -- "takes=$takes" ${offers%%:*}
END
    zsh_offers() { zsh -f ask.zsh "${@:2}" | grep -xF -- "$1" >/dev/null || fail "zsh: '${*:2}' does not offer '$1'"; }
    zsh_offers rewrite compose ""
    zsh_offers --new-passphrase-file slot add --n
    zsh_offers get --vault other.db ge
    zsh_offers json audit --format j
    zsh_offers json audit --format=j
    zsh_offers takes=files audit m
    zsh_offers takes=names get sh
    zsh_offers takes=programs run -- basen
fi

run 2 "$SECRETSCTL" completion tcsh
err_is "secretsctl: SHELL must be one of: bash, zsh, fish"
