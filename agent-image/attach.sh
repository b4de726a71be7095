#!/usr/bin/env bash
# What ttyd runs for each viewer: prints the history above the visible screen, then attaches to the tmux session.
# A viewer therefore has its scrollback after every reconnect; tmux redraws only the visible screen.
set -uo pipefail

here=${BASH_SOURCE[0]%/*} # always started by its full path
HISTORY_LINES=2000
tmux() { command tmux -S "$AIWORKER_SOCKETS/tmux.sock" -f "$here/tmux.conf" "$@"; }

read -r rows columns < <(stty size 2>/dev/null)
[ "${rows:-0}" -gt 0 ] && [ "${columns:-0}" -gt 0 ] || rows=24 columns=80

# The window takes this viewer's size before the history is read. Were it done by attaching, lines would move between
# history and screen in between, and be missing or shown twice. One call, because each costs some milliseconds.
look() { # fills the file `seen`: a line of facts, then the history
    tmux resize-window -t =agent: -x "$columns" -y "$rows" \; \
        display-message -p -t =agent: '#{window_panes} #{history_size}' \; \
        capture-pane -peJ -t =agent: -S "-$HISTORY_LINES" -E -1 >"$seen" 2>/dev/null
}

# Waits until ttyd, the parent, has taken what was printed. When it attaches, tmux throws away what has not been read yet
# (tcflush), and on a busy machine that would be the end of the history. Nothing tells a terminal's writer how much was
# read; the kernel's count of what ttyd read in all does, and it also counts other viewers: hence the wait for a pause.
count_taken() { # sets `taken`
    local name
    while read -r name taken; do [ "$name" != rchar: ] || return 0; done 2>/dev/null <"/proc/$PPID/io"
    return 1
}

wait_until_taken() { # bytes, count before they were printed
    local last=-1 tries
    for ((tries = 0; tries < 600; tries++)); do
        count_taken || { sleep 0.1 && return; }
        ((taken - $2 < $1 || (taken != last && tries < 60))) || return
        last=$taken
        read -r -t 0.005 -u "$never"
    done
}

seen=${TMPDIR:-/tmp}/attach-$$
if ! look; then
    # Before its first session, the agent is merely still starting.
    if [ -e "$AIWORKER_RUN/session-made" ]; then
        printf '%s\n' "tmux had ended; this is a new session." 2>/dev/null >>"$AIWORKER_LOG"
        printf '\033[1m[AiWorker]\033[0m The terminal had ended; this is a new one.\r\n'
    fi
    "$here/entrypoint.sh" new-session
    look
fi

show_history() {
    local lines bytes i before=0
    read -r lines bytes < <(wc -lc <"$seen")
    exec {never}<> <(:) # something to wait on that never comes
    ! count_taken || before=$taken
    tail -n +2 -- "$seen"
    # Back to plain colours, and as many newlines as lift exactly what was printed off the screen that tmux is about to
    # clear.
    printf '\033[m'
    for ((i = 1; i < rows; i++)); do printf '\n'; done
    # The terminal adds a carriage return to each line. The line of facts, at most 40 bytes, is not printed.
    wait_until_taken $((bytes + lines - 40)) "$before"
    exec {never}<&-
}

read -r panes history <"$seen"
if [ "${panes:-0}" = 1 ] && [ "${history:-0}" -gt 0 ]; then
    show_history
fi
rm -f -- "$seen"
# From here on the window follows the viewer who typed last.
exec tmux -S "$AIWORKER_SOCKETS/tmux.sock" -f "$here/tmux.conf" attach-session -t =agent: \; set-option -w -u window-size
