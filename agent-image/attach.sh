#!/usr/bin/env bash
# What ttyd runs for each viewer: prints the history above the visible screen, then attaches to the tmux session.
# A viewer therefore has its scrollback after every reconnect; tmux redraws only the visible screen.
#
# It says `hello` and then takes one line, the request (docs/terminal-protocol.md, "The other leg"):
#   : attach <most lines> <most bytes> drive|watch [receipt]   history and screen
#   : history <most lines>                                     history and screen as plain text, then the end
# What it says about itself is in APC sequences, which terminals ignore. Without a request it attaches after five seconds.
set -uo pipefail

here=${BASH_SOURCE[0]%/*} # always started by its full path
# Viewers understand UTF-8, whatever the agent's locale says.
tmux() { command tmux -u -S "$AIWORKER_SOCKETS/tmux.sock" -f "$here/tmux.conf" "$@"; }
say() { printf '\033_aiworker %s\033\134' "$1"; }

# Called by tmux, further down.
if [ "${1:-}" = moved ]; then
    say moved >"$2"
    exit
fi

# Keys that come early wait for tmux as they are: no echo, no line to edit, no signals.
read -r rows columns < <(stty -echo -icanon -isig -ixon -iexten -icrnl min 1 time 0 size 2>/dev/null)
[ "${rows:-0}" -gt 0 ] && [ "${columns:-0}" -gt 0 ] || rows=24 columns=80

say 'hello 2'
verb=attach most_lines=5000 most_bytes=524288 mode=drive receipt=
if read -r -t 5 colon a b c d e && [ "${colon:-}" = : ]; then
    case "$a $b" in
        attach\ [1-9]*) most_lines=${b//[!0-9]/} most_bytes=${c//[!0-9]/} mode=${d:-drive} receipt=${e:-} ;;
        history\ [1-9]*) verb=history most_lines=${b//[!0-9]/} most_bytes=67108864 mode=watch ;;
    esac
fi

# The window takes this viewer's size before the history is read. Were it done by attaching, lines would move between
# history and screen in between, and be missing or shown twice. One call, because each costs some milliseconds, as does every
# other program that is started here: somebody waits for the screen.
# Whoever only watches changes no size.
FACTS='#{window_panes} #{history_size} #{pid}.#{session_id}.#{session_created} #{version}'
look() { # sets `facts`, a line, and `seen`, the history
    local LC_ALL=C size=() capture=(capture-pane -peJ -t "=agent:" -S "-$most_lines" -E -1)
    [ "$mode" = watch ] || size=(resize-window -t "=agent:" -x "$columns" -y "$rows" \;)
    [ $verb = attach ] || capture=(capture-pane -pJ -t "=agent:" -S "-$most_lines")
    # The dot keeps the newlines at the end.
    seen=$(tmux "${size[@]}" display-message -p -t =agent: "$FACTS" \; "${capture[@]}" 2>/dev/null && printf .) || return
    facts=${seen:0:200}
    facts=${facts%%$'\n'*}
    seen=${seen:${#facts}+1}
    seen=${seen%.}
}

# Cuts the history to the bytes that were asked for, at the beginning of a line. (Bash looks for a character in a text in the square of
# the text's length, but for `read`, and programs print lines of any length.)
cut_history() {
    local LC_ALL=C line=
    if [ ${#seen} -gt "$most_bytes" ]; then
        seen=${seen: -most_bytes}
        { IFS= read -r line <<<"$seen"; } 2>/dev/null
        seen=${seen:${#line}+1}
    fi
}

# When it attaches, tmux throws away what has not been read yet (tcflush), and on a busy machine that would be the end of the
# history. Who promised a receipt says when all has come: `: received`.
#
# For whom did not: waits until ttyd, the parent, has taken what was printed. Nothing tells a terminal's writer how much was
# read; the kernel's count of what ttyd read in all does, but it also counts other viewers, hence the wait for a pause. A busy
# machine can make that too short.
count_taken() { # sets `taken`
    local name
    while read -r name taken; do [ "$name" != rchar: ] || return 0; done 2>/dev/null <"/proc/$PPID/io"
    return 1
}

wait_until_taken() { # bytes, count before they were printed
    local last=-1 tries never
    exec {never}<> <(:) # something to wait on that never comes
    # A viewer on a slow line takes its time: 20 s at most.
    for ((tries = 0; tries < 4000; tries++)); do
        count_taken || { sleep 0.1 && break; }
        ((taken - $2 < $1 || (taken != last && tries < 60))) || break
        last=$taken
        read -r -t 0.005 -u "$never"
    done
    exec {never}<&-
}

notice=
if ! look; then
    # Before its first session, the agent is merely still starting.
    if [ -e "$AIWORKER_RUN/session-made" ]; then
        printf '%s\n' "tmux had ended; this is a new session." 2>/dev/null >>"$AIWORKER_LOG"
        notice=$'\033[1m[AiWorker]\033[0m The terminal had ended; this is a new one.'
    fi
    "$here/entrypoint.sh" new-session
    look
fi

before=0
[ "$receipt" = receipt ] || ! count_taken || before=$taken
read -r panes history identity version <<<"${facts:-}"
say "session ${identity:-none}"
cut_history
if [ $verb = history ]; then
    printf '%s' "$seen"
    say end
else
    if [ "${panes:-0}" != 1 ] || [ "${history:-0}" -eq 0 ]; then
        seen=
    fi
    [ -z "$notice" ] || seen=$notice$'\n'$seen
    # For the terminal itself, which counts the columns of characters as this tmux does.
    printf '\033]7770;%s\033\134' "${version:-}"
    if [ -n "$seen" ]; then
        printf '%s' "$seen"
        # Back to plain colours, and as many newlines as lift exactly what was printed off the screen that tmux is about to
        # clear.
        printf '\033[m'
        for ((i = 1; i < rows; i++)); do printf '\n'; done
    fi
    say screen
fi
if [ "$receipt" = receipt ]; then
    # A viewer on a slow line takes its time, and one that looks away for a while, too. One of whom nothing is heard for longer is
    # gone: what it sent later would be typed into tmux.
    read -r -t 600 || exit 0
else
    # The terminal adds a carriage return to each line; the marks have at least forty bytes.
    read -r lines bytes < <(printf '%s' "$seen" | wc -lc)
    wait_until_taken $((bytes + lines + 40)) "$before"
fi
[ $verb = attach ] || exit 0
attach=(attach-session -t "=agent:")
if [ "$mode" = watch ]; then
    attach+=(-f 'read-only,ignore-size')
else
    # From here on the window follows the viewer who typed last.
    attach+=(\; set-option -w -u window-size)
fi
# Lines that went into the history since it was read are missing above the screen. tmux alone knows it at the very moment when it
# attaches, and has it said to the viewer's own terminal. (A question for the clipboard, `refresh-client -l`, would say it, too,
# but tmux 3.3 dies of that when the viewer leaves within five seconds.)
if [ "${panes:-0}" = 1 ]; then
    attach+=(\; if-shell -F -t "=agent:" "#{!=:#{history_size},${history:-0}}" "run-shell -b \"'$here/attach.sh' moved #{client_tty}\"")
fi
exec tmux -u -S "$AIWORKER_SOCKETS/tmux.sock" -f "$here/tmux.conf" "${attach[@]}"
