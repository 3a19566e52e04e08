# SPDX-License-Identifier: Apache-2.0
# For tests that need a container engine; after functions.sh. No registry is asked: the image is a busybox
# and nothing else.
# shellcheck shell=bash

# tag: what names of images and containers of this test begin with.
tag=sc-test-$(basename "$T" | tr 'A-Z.' 'a-z-')

# engine_image: an image of that name, removed with every other one of the name at the end.
engine_image() {
    requires busybox
    mkdir -p "$T/root/bin" "$T/root/tmp"
    cp "$(command -v busybox)" "$T/root/bin/busybox"
    local applet
    for applet in sh cat echo gzip mkdir printf rm sleep sed; do ln -s busybox "$T/root/bin/$applet"; done
    tar -C "$T/root" -c . | docker import -c 'CMD ["/bin/sh"]' - "$tag" >/dev/null
    on_exit engine_remove
}

engine_remove() {
    local names
    names=$(docker images --format '{{.Repository}}:{{.Tag}}' | grep "^$tag") || true
    # shellcheck disable=SC2086 # one word for each name
    [ -z "$names" ] || docker rmi -f $names >/dev/null 2>&1
}
