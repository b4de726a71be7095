#!/usr/bin/env bash
# The first process of an agent, in a container and in the sandbox of a single host alike.
#
#   entrypoint.sh               sets git up, starts tmux and ttyd, and keeps ttyd running until SIGTERM
#   entrypoint.sh new-session   makes the tmux session (also used by attach.sh when tmux was killed)
#   entrypoint.sh session       what runs in that session: the first clone, then a shell that runs the start command
#   entrypoint.sh git-credential get   what git asks for the repository's user and password
#
# Its environment is described in README.md beside it.
set -uo pipefail

here=${BASH_SOURCE[0]%/*} # always started by its full path
: "${AIWORKER_WORKSPACE:=/workspace}" "${SHELL:=/bin/bash}" "${START_COMMAND:=}" "${REPOSITORY_URL:=}"
: "${REPOSITORY_BRANCH:=main}" "${AIWORKER_CLONE_TIMEOUT:=600}" "${AIWORKER_STOP_GRACE:=4}"
: "${AIWORKER_MODE:=manual}" "${MCP_ENDPOINT:=}"

# Sockets must have short paths (108 bytes). Where the run folder's is long, its own process makes it short.
if [ -z "${AIWORKER_SOCKETS:-}" ]; then
    AIWORKER_RUN=${AIWORKER_RUN:-/run/agent}
    if [ ${#AIWORKER_RUN} -gt 80 ]; then
        cd -- "$AIWORKER_RUN" && AIWORKER_SOCKETS=/proc/$$/cwd
    else
        AIWORKER_SOCKETS=$AIWORKER_RUN
    fi
    # What happens inside the tmux session is told in this process's log too.
    AIWORKER_LOG=/proc/$$/fd/1
fi
secrets=$AIWORKER_RUN/secrets
: "${AIWORKER_TOKEN_FILE:=$secrets/token}"
export AIWORKER_WORKSPACE AIWORKER_RUN AIWORKER_SOCKETS AIWORKER_LOG AIWORKER_TOKEN_FILE SHELL

tmux() { command tmux -S "$AIWORKER_SOCKETS/tmux.sock" -f "$here/tmux.conf" "$@"; }
log() { printf '%s\n' "$*" 2>/dev/null >>"$AIWORKER_LOG" || true; }
# To the person at the terminal and to the log.
tell() { printf '\033[1m[AiWorker]\033[0m %s\n' "$*"; log "$*"; }

# ---------------------------------------------------------------------------------------------------------------------
# The tmux session

new_session() {
    local error
    error=$(cd -- "$AIWORKER_WORKSPACE" && tmux new-session -d -s agent -x 200 -y 50 -c "$AIWORKER_WORKSPACE" \
        "exec '$here/entrypoint.sh' session" 2>&1 </dev/null) || {
        # Two viewers may have come at once; one of them made it.
        tmux has-session -t =agent 2>/dev/null || { log "tmux: $error"; return 1; }
    }
    : >"$AIWORKER_RUN/session-made"
}

clone_into() { # folder, further arguments of git
    local folder=$1
    shift
    GIT_TERMINAL_PROMPT=0 GIT_ASKPASS=true GIT_ALLOW_PROTOCOL=https:ssh:git \
        GIT_SSH_COMMAND="ssh -o BatchMode=yes -o ConnectTimeout=15 -o StrictHostKeyChecking=accept-new" \
        timeout --foreground --kill-after=5 "$AIWORKER_CLONE_TIMEOUT" \
        git clone --progress "$@" -- "$REPOSITORY_URL" "$folder" 2>&1 | tee "$AIWORKER_RUN/clone.log"
    return "${PIPESTATUS[0]}"
}

has_no_branches() {
    local branches
    branches=$(GIT_TERMINAL_PROMPT=0 GIT_ALLOW_PROTOCOL=https:ssh:git timeout 30 git ls-remote --heads -- "$REPOSITORY_URL" 2>/dev/null) \
        && [ -z "$branches" ]
}

# Clones into a folder of the workspace first and then moves everything up, so that a start that is cut off leaves
# either nothing or all of it. A workspace that holds anything is never touched.
first_clone() {
    local fresh=.aiworker-clone code line
    shopt -s nullglob dotglob
    local entries=(*)
    if [ "${entries[*]}" = "$fresh" ]; then
        rm -rf -- "$fresh" # cut off while cloning
        entries=()
    elif [ -d "$fresh" ]; then
        mv -n -t . -- "$fresh"/* && rmdir -- "$fresh" # cut off while moving
    fi
    shopt -u nullglob dotglob
    [ ${#entries[@]} -eq 0 ] || return

    rm -f -- "$AIWORKER_RUN/clone-failed"
    : >"$AIWORKER_RUN/cloning"
    tell "Cloning $REPOSITORY_URL ($REPOSITORY_BRANCH)."
    clone_into "$fresh" --branch "$REPOSITORY_BRANCH"
    code=$?
    if [ $code -ne 0 ] && grep -q 'Remote branch .* not found' "$AIWORKER_RUN/clone.log" && has_no_branches; then
        clone_into "$fresh" && git -C "$fresh" symbolic-ref HEAD "refs/heads/$REPOSITORY_BRANCH"
        code=$?
    fi
    if [ $code -eq 0 ]; then
        shopt -s dotglob
        mv -t . -- "$fresh"/* && rmdir -- "$fresh"
        shopt -u dotglob
        tell "The repository is in $AIWORKER_WORKSPACE."
    else
        rm -rf -- "$fresh"
        line=$(tr '\r' '\n' <"$AIWORKER_RUN/clone.log" | grep -v '^[[:space:]]*$' | grep -E '^(fatal|error|ssh|remote|ERROR|Permission)' | tail -n 1)
        [ $code -ne 124 ] || line="it took longer than $AIWORKER_CLONE_TIMEOUT s"
        tell "The repository could not be cloned: ${line:-git ended with code $code}"
        tell "The workspace is empty. Clone by hand, or mend the project's repository and start the agent again."
        # Renamed into place: whoever reads it sees all of it.
        printf '%s\n' "${line:-git ended with code $code}" >"$AIWORKER_RUN/clone-failed.new"
        mv -- "$AIWORKER_RUN/clone-failed.new" "$AIWORKER_RUN/clone-failed"
    fi
    rm -f -- "$AIWORKER_RUN/cloning"
}

session() {
    cd -- "$AIWORKER_WORKSPACE" || tell "The workspace $AIWORKER_WORKSPACE is not there."
    # Ctrl-C ends the clone and not the terminal.
    trap : INT
    [ -z "$REPOSITORY_URL" ] || first_clone
    trap - INT
    exec bash --rcfile "$here/session.bash" -i
}

# ---------------------------------------------------------------------------------------------------------------------
# The first process

# What the agent's owner changed since the first start stays.
set_git_up() {
    ! grep -qs '^\[user\]' "$HOME/.gitconfig" || return 0
    [ -z "${GIT_USER_NAME:-}" ] || git config --global user.name "$GIT_USER_NAME"
    [ -z "${GIT_USER_EMAIL:-}" ] || git config --global user.email "$GIT_USER_EMAIL"
}

# The token for the repository's host goes to that host only, over HTTPS, and only when git asks.
set_git_credentials_up() {
    if [ -s "$secrets/git-token" ]; then
        git config --global credential.helper "$here/entrypoint.sh git-credential"
    elif [ "$(git config --global credential.helper)" = "$here/entrypoint.sh git-credential" ]; then
        git config --global --unset credential.helper
    fi
}

git_credential() {
    local line protocol='' host='' rest=${REPOSITORY_URL#https://}
    [ "${1:-}" = get ] || return 0
    while IFS= read -r line && [ -n "$line" ]; do
        case $line in
            protocol=*) protocol=${line#*=} ;;
            host=*) host=${line#*=} ;;
        esac
    done
    rest=${rest%%/*}
    [ "$protocol" = https ] && [ "$REPOSITORY_URL" != "$rest" ] && [ "$host" = "${rest##*@}" ] || return 0
    printf 'username=%s\npassword=%s\n' "${GIT_TOKEN_USER:-oauth2}" "$(cat -- "$secrets/git-token")"
}

# An agent without the address of AiWorker or without its token looks alive and can do nothing of what it is for. So it says
# what is missing instead of starting; in both modes, for a person at its terminal would find out late, too.
require_aiworker() {
    local missing=''
    if [ -z "$MCP_ENDPOINT" ]; then
        missing="MCP_ENDPOINT, the address of AiWorker, is not set"
    elif ! grep -q '[^[:space:]]' "$AIWORKER_TOKEN_FILE" 2>/dev/null; then
        missing="the agent token in $AIWORKER_TOKEN_FILE is missing or empty"
    fi
    [ -z "$missing" ] || refuse "$missing"
}

refuse() {
    log "This agent cannot start: $1."
    exit 78
}

# Claude Code learns of AiWorker. Autopilot is nothing without it; a shell is of use all the same.
set_cli_up() {
    local missing='' error
    if ! command -v aiworker >/dev/null; then
        missing="the program aiworker is not installed here"
    elif ! error=$(aiworker agent-setup 2>&1); then
        missing=${error##*$'\n'}
    fi
    [ -n "$missing" ] || return 0
    [ "$AIWORKER_MODE" != autopilot ] || refuse "$missing"
    log "The coding CLI works without AiWorker's tools: $missing."
}

ending=
ttyd_pid=
# Whether there is a process besides this one. Those that only wait to be reaped have no command line.
others_live() {
    local process
    for process in /proc/[0-9]*; do
        [ "$process" != "/proc/$$" ] && [ -n "$(tr -d '\0' 2>/dev/null <"$process/cmdline")" ] && return
    done
    return 1
}

# tmux first: it hangs up on the shells, which do not heed SIGTERM. Then everything else, if this is the first process
# of its namespace; otherwise whoever started it ends the rest.
end() {
    ending=1
    log "Stopping."
    tmux kill-server 2>/dev/null
    [ -z "$ttyd_pid" ] || kill -TERM "$ttyd_pid" 2>/dev/null
    if [ $$ -eq 1 ]; then
        local deadline=$((SECONDS + AIWORKER_STOP_GRACE))
        kill -TERM -1 2>/dev/null
        while [ $SECONDS -lt $deadline ] && others_live; do command sleep 0.02; done
    fi
    rm -f -- "$AIWORKER_SOCKETS/ttyd.sock" "$AIWORKER_SOCKETS/tmux.sock"
    exit 0
}

# ttyd has no other way to learn its credential than its arguments. -d 3, or it would print it into the log.
# Never -a (arguments from the address), never -o or -q (it must outlive its viewers).
start_ttyd() {
    local credential
    local -a listen=(-i "$AIWORKER_SOCKETS/ttyd.sock")
    [ -z "${AIWORKER_TERMINAL:-}" ] || listen=(-p "${AIWORKER_TERMINAL##*:}" -i "${AIWORKER_TERMINAL%:*}")
    credential=$(<"${AIWORKER_TERMINAL_PASSWORD_FILE:-$AIWORKER_RUN/terminal-password}")
    rm -f -- "$AIWORKER_SOCKETS/ttyd.sock"
    ttyd -d 3 -W -O -m 32 -P 15 -T xterm-256color -c "agent:$credential" "${listen[@]}" -w "$AIWORKER_WORKSPACE" \
        "$here/attach.sh" </dev/null &
    ttyd_pid=$!
}

run() {
    trap end TERM INT
    trap '' HUP
    require_aiworker
    [ "$AIWORKER_MODE" != autopilot ] || set_cli_up
    # ttyd first: it takes longest, and a viewer waits for the session anyway.
    start_ttyd
    [ "$AIWORKER_MODE" = autopilot ] || set_cli_up
    set_git_up
    set_git_credentials_up
    new_session
    # A ttyd that ends is started again: after 0.1 s, then twice as long each time up to 5 s; a minute of life resets it.
    local delay=1 started=$SECONDS code
    while :; do
        wait "$ttyd_pid"
        code=$?
        [ -z "$ending" ] || return
        [ $((SECONDS - started)) -lt 60 ] || delay=1
        log "ttyd ended with code $code; starting it again."
        command sleep "$((delay / 10)).$((delay % 10))" &
        wait $!
        [ $delay -ge 50 ] || delay=$((delay * 2 > 50 ? 50 : delay * 2))
        started=$SECONDS
        start_ttyd
    done
}

case ${1:-run} in
    run) run ;;
    new-session) new_session ;;
    session) session ;;
    git-credential) git_credential "${2:-}" ;;
    *) echo "usage: entrypoint.sh [new-session|session|git-credential get]" >&2; exit 64 ;;
esac
