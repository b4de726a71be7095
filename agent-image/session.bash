# shellcheck shell=bash
# What the shell of the tmux session reads at its start: what a login shell reads, and then the start command.
#
# The command runs inside this interactive shell, before its first prompt. So Ctrl-Z and `fg` work on it, Ctrl-C ends it
# and not the terminal, and the shell stays when it is over.

# shellcheck disable=SC1090,SC1091
[ ! -r /etc/profile ] || . /etc/profile
for __aiworker_file in ~/.bash_profile ~/.bash_login ~/.profile; do
    # shellcheck disable=SC1090
    if [ -r "$__aiworker_file" ]; then
        . "$__aiworker_file"
        break
    fi
done
unset __aiworker_file

if [ -n "${START_COMMAND:-}" ]; then
    __aiworker_start() {
        PROMPT_COMMAND=${PROMPT_COMMAND#__aiworker_start;}
        unset -f __aiworker_start
        # Up-arrow brings it back.
        history -s -- "$START_COMMAND"
        eval "$START_COMMAND"
    }
    # Behind everything above, which may have set it.
    PROMPT_COMMAND="__aiworker_start;${PROMPT_COMMAND:-}"
fi
