#!/usr/bin/env bash
# What ttyd runs for each viewer: prints the history above the visible screen, then attaches to the tmux session.
# A viewer therefore has its scrollback after every reconnect; tmux redraws only the visible screen.
set -uo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
HISTORY_LINES=2000
tmux() { command tmux -S "$AIWORKER_SOCKETS/tmux.sock" -f "$here/tmux.conf" "$@"; }

if ! tmux has-session -t =agent 2>/dev/null; then
    # Before its first session, the agent is merely still starting.
    if [ -e "$AIWORKER_RUN/session-made" ]; then
        printf '%s\n' "tmux had ended; this is a new session." 2>/dev/null >>"$AIWORKER_LOG"
        printf '\033[1m[AiWorker]\033[0m The terminal had ended; this is a new one.\r\n'
    fi
    "$here/entrypoint.sh" new-session
fi

# The window takes this viewer's size before the history is read. Were it done by attaching, lines would move between
# history and screen in between, and be missing or shown twice.
if read -r rows columns < <(stty size 2>/dev/null) && [ "$rows" -gt 0 ] && [ "$columns" -gt 0 ]; then
    tmux resize-window -t =agent: -x "$columns" -y "$rows" 2>/dev/null
    read -r panes history < <(tmux display-message -p -t =agent: '#{window_panes} #{history_size}')
    if [ "${panes:-0}" = 1 ] && [ "${history:-0}" -gt 0 ]; then
        tmux capture-pane -peJ -t =agent: -S "-$HISTORY_LINES" -E -1
        # Lifts exactly what was printed off the screen that tmux is about to clear.
        printf '\033[m'
        for ((i = 1; i < rows; i++)); do printf '\n'; done
    fi
fi
# From here on the window follows the viewer who typed last.
exec tmux -S "$AIWORKER_SOCKETS/tmux.sock" -f "$here/tmux.conf" attach-session -t =agent: \; set-option -w -u window-size
