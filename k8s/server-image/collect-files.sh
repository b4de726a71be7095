#!/bin/sh
# Lays out everything of the server's image that comes from the distribution: `collect-files.sh PROGRAM FOLDER`.
# Runs only while the image is built (Dockerfile).
set -eu
program=$1
root=$2

mkdir -p "$root/etc/ssl/certs" "$root/tmp" "$root/var/lib/aiworker"
chmod 1777 "$root/tmp"
chown 65532:65532 "$root/var/lib/aiworker"
chmod 700 "$root/var/lib/aiworker"

# A program that this distribution is too old for is noticed here.
libraries=$(ldd "$program")
case $libraries in
    *"not found"*) printf '%s\n' "$libraries" >&2 && exit 1 ;;
    *"not a dynamic executable"* | *"statically linked"*) libraries= ;;
esac
for library in $(printf '%s\n' "$libraries" | grep -o '/[^ ]*'); do
    mkdir -p "$root${library%/*}"
    cp -L "$library" "$root$library"
done

cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
printf 'root:x:0:0:root:/:/sbin/nologin\naiworker:x:65532:65532:AiWorker:/var/lib/aiworker:/sbin/nologin\n' >"$root/etc/passwd"
printf 'root:x:0:\naiworker:x:65532:\n' >"$root/etc/group"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
