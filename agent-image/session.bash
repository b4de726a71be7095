# shellcheck shell=bash
# What the shell of the tmux session reads at its start: what a login shell reads, and then the start command.
#
# The command runs inside this interactive shell, before its first prompt. So Ctrl-Z and `fg` work on it, Ctrl-C ends it
# and not the terminal, and the shell stays when it is over.

__aiworker_path=$PATH
# shellcheck disable=SC1090,SC1091
[ ! -r /etc/profile ] || . /etc/profile
for __aiworker_file in ~/.bash_profile ~/.bash_login ~/.profile; do
    # shellcheck disable=SC1090
    if [ -r "$__aiworker_file" ]; then
        . "$__aiworker_file"
        break
    fi
done
# Profiles such as Debian's set PATH anew and forget where the agent's own programs are.
IFS=: read -ra __aiworker_folders <<<"$__aiworker_path"
for __aiworker_file in "${__aiworker_folders[@]}"; do
    case ":$PATH:" in *":$__aiworker_file:"*) ;; *) PATH=$PATH:$__aiworker_file ;; esac
done
unset __aiworker_file __aiworker_folders __aiworker_path

# In autopilot the start command is the coding CLI, which autopilot runs on each task. Without autopilot such an agent does nothing, so
# one that was killed or crashed is started again; one that ended by itself or by Ctrl-C has said why.
__aiworker_command=${START_COMMAND:-}
if [ "${AIWORKER_MODE:-manual}" = autopilot ]; then
    __aiworker_command="aiworker autopilot"
    __aiworker_again() { # exit status, when it was started
        # Killed or crashed: by a signal other than those that ask it to end, or a panic.
        case $1 in 101 | 129 | 13[1-9] | 14[0-2] | 14[4-9]) ;; *) return 1 ;; esac
        [ $((SECONDS - $2)) -lt 60 ] || __aiworker_pause=1
        printf '\033[1m[AiWorker]\033[0m Autopilot ended unexpectedly (%s). It starts again in %s s; Ctrl-C gives you a shell.\n' "$1" "$__aiworker_pause"
        sleep "$__aiworker_pause" || return 1
        __aiworker_pause=$((__aiworker_pause * 2 > 60 ? 60 : __aiworker_pause * 2))
    }
fi
if [ -n "$__aiworker_command" ]; then
    __aiworker_start() {
        PROMPT_COMMAND=${PROMPT_COMMAND#__aiworker_start;}
        unset -f __aiworker_start
        # Up-arrow brings it back.
        history -s -- "$__aiworker_command"
        local __aiworker_pause=1 __aiworker_since=$SECONDS __aiworker_status
        until eval "$__aiworker_command"; do
            __aiworker_status=$?
            [ "${AIWORKER_MODE:-manual}" = autopilot ] || break
            __aiworker_again "$__aiworker_status" "$__aiworker_since" || break
            __aiworker_since=$SECONDS
        done
    }
    # Behind everything above, which may have set it.
    PROMPT_COMMAND="__aiworker_start;${PROMPT_COMMAND:-}"
fi
