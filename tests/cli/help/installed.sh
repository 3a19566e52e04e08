# SPDX-License-Identifier: Apache-2.0
# What `meson install` puts into a folder: every command has its man page, and there are no others; completions and
# units are there; all of it goes with the folder's name in front (DESTDIR), as packages need it.
. "$SC_SOURCE/tests/support/functions.sh"
requires meson

stage=$T/stage
run 0 meson install -C "$SC_BUILD" --no-rebuild --quiet --destdir "$stage"
prefix=$stage$(meson introspect "$SC_BUILD" --buildoptions | python3 -c 'import json,sys
print(next(o["value"] for o in json.load(sys.stdin) if o["name"] == "prefix"))')

run 0 "$prefix/bin/secretsctl" --version
"$prefix/bin/secretsctl" __dump-cli | python3 -c 'import json,sys
print("secretsctl.1")
for c in json.load(sys.stdin)["commands"]: print("secretsctl-" + c["name"].replace(" ", "-") + ".1")' | sort >"$T/wanted"
ls "$prefix/share/man/man1" | sort >"$T/there"
diff "$T/wanted" "$T/there" || fail "the man pages in cli/meson.build are not those of the commands"
"$SECRETSCTL" __man slot add >"$T/page"
cmp "$T/page" "$prefix/share/man/man1/secretsctl-slot-add.1"

for pair in bash:bash-completion/completions/secretsctl.bash zsh:zsh/site-functions/_secretsctl \
    fish:fish/vendor_completions.d/secretsctl.fish; do
    "$SECRETSCTL" completion "${pair%%:*}" >"$T/completion"
    cmp "$T/completion" "$prefix/share/${pair#*:}"
done
[ -x "$prefix/libexec/secretsctl/secretsctl-shim" ] || fail "the shim is not there"
for unit in system/secretsctl-tmpfs.service system/secretsctl-provision@.service user/secretsctl-agent.socket; do
    [ -f "$prefix/lib/systemd/$unit" ] || fail "the unit $unit is not there"
done
find "$stage" -type f -perm /022 >"$T/open"
[ ! -s "$T/open" ] || fail "others may write to $(cat "$T/open")"
