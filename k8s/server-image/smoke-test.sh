#!/usr/bin/env bash
# Starts the server of an image the way a cluster does: as its own user, without any capability, on a root that is read-only, with one
# writable volume. It must answer, deliver the dashboard with its files, and end when it is told to.
#   smoke-test.sh docker|podman IMAGE
#   smoke-test.sh folder FOLDER         the image's files, unpacked; needs root
set -euo pipefail

fail() { printf '%s\n' "$*" >&2; exit 1; }

# check URL: what a browser would fetch first.
check() {
    local url=$1 answer='' page style
    for _ in $(seq 200); do
        ! answer=$(curl -sf "$url/api/health") || break
        command sleep 0.1
    done
    [ -n "$answer" ] || fail "The server does not answer."
    printf '  %-26s %s\n' /api/health "$answer"
    page=$(curl -sfL "$url/")
    style=$(grep -o '/pkg/aiworker[^"]*\.css' <<<"$page" | head -n1)
    [ -n "$style" ] || fail "The page names no style sheet."
    for file in "$style" "$(grep -o '/pkg/aiworker[^"]*\.js' <<<"$page" | head -n1)"; do
        curl -sf -H 'accept-encoding: br' -o /dev/null -D - "$url$file" | grep -qi '^content-encoding: br' ||
            fail "$file is missing or not compressed."
        printf '  %-26s %s\n' "${file##*/}" "compressed"
    done
}

# doctor COMMAND…: without a cluster it finds something to mend, and says so.
doctor() {
    local findings
    findings=$("$@" doctor 2>&1 || true)
    grep -q cluster <<<"$findings" || fail "doctor says nothing: $findings"
    printf '  %-26s %s\n' "aiworker doctor" "$(wc -l <<<"$findings") lines"
}

with_engine() { # engine, image
    local engine=$1 image=$2 made
    local -a limits=(--read-only --cap-drop ALL --security-opt no-new-privileges --tmpfs "/var/lib/aiworker:uid=65532,gid=65532,mode=0700")
    doctor "$engine" run --rm "${limits[@]}" "$image"
    made=$("$engine" run -d "${limits[@]}" -e AIWORKER_RUNTIME=process -p 127.0.0.1::3000 "$image")
    # shellcheck disable=SC2064 # now, not then
    trap "$engine rm -f $made >/dev/null" EXIT
    check "http://$("$engine" port "$made" 3000 | head -n1)"
    "$engine" stop -t 40 "$made" >/dev/null
    [ "$("$engine" inspect -f '{{.State.ExitCode}}' "$made")" = 0 ] || fail "It did not end well."
}

# Within namespaces of its own: nothing of this reaches the machine.
within_folder() { # folder
    local root=$1 server
    local -a start=(env -i PATH=/opt/aiworker HOME=/var/lib/aiworker AIWORKER_DATA=/var/lib/aiworker AIWORKER_ADDR=127.0.0.1:3000)
    local -a enter=(/usr/bin/setpriv --no-new-privs /usr/sbin/chroot --userspec=65532:65532 "$root" /opt/aiworker/aiworker)
    mount --make-rprivate /
    mkdir -p "$root/proc" "$root/dev"
    mount --bind "$root" "$root"
    mount -o remount,bind,ro "$root"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs -o mode=0700,uid=65532,gid=65532 tmpfs "$root/var/lib/aiworker"
    ip link set lo up
    doctor "${start[@]}" AIWORKER_RUNTIME=kubernetes "${enter[@]}"
    "${start[@]}" AIWORKER_RUNTIME=process "${enter[@]}" serve >"$root/var/lib/aiworker/log" 2>&1 &
    server=$!
    check http://127.0.0.1:3000 || { tail "$root/var/lib/aiworker/log" >&2; exit 1; }
    kill -TERM $server
    wait $server || fail "It did not end well."
}

case $1 in
    docker | podman) with_engine "$1" "$2" ;;
    folder) exec unshare --mount --net --pid --fork --kill-child "$0" within "$2" ;;
    within) within_folder "$2" ;;
    *) fail "usage: smoke-test.sh docker|podman IMAGE, or folder FOLDER" ;;
esac
printf '  %-26s %s\n' server "starts, answers and ends"
