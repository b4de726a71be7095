#!/usr/bin/env bash
# Run inside the image, as its own user: every program is there and runs, and the terminal answers.
#   smoke-test.sh slim|full
set -euo pipefail

programs=("git --version" "tmux -V" "ttyd --version" "claude --version" "jq --version" "curl --version" "ssh -V" "rg --version" "tini --version" "aiworker --version")
[ "${1:-full}" = slim ] || programs+=("python3 --version" "python3 -m venv --help" "pip3 --version" "gcc --version" "make --version"
    "node --version" "npm --version" "bun --version" "kubectl version --client" "wget --version" "unzip -v")

[ "$(id -u):$(id -g)" = 1000:1000 ] || { echo "runs as $(id)" >&2; exit 1; }
for program in "${programs[@]}"; do
    # shellcheck disable=SC2086 # words on purpose
    output=$($program 2>&1) || { echo "failed: $program: $output" >&2; exit 1; }
    printf '  %-26s %s\n' "$program" "${output%%$'\n'*}"
done

[ "$(git config --system safe.directory)" = '*' ] || { echo "git would refuse a volume that belongs to root" >&2; exit 1; }
export AIWORKER_RUN AIWORKER_WORKSPACE HOME
AIWORKER_RUN=$(mktemp -d) AIWORKER_WORKSPACE=$(mktemp -d) HOME=$(mktemp -d)
printf 'smoke' >"$AIWORKER_RUN/terminal-password"
# Without its token or the address of AiWorker it does not start, and says why.
printf 'smoke\n' >"$AIWORKER_RUN/token"
export AIWORKER_TOKEN_FILE=$AIWORKER_RUN/token
refused() { # what must be named, and the environment
    local expected=$1 log code=0
    shift
    log=$(env "$@" /opt/aiworker/entrypoint.sh) || code=$?
    case $code:$log in 78:*"$expected"*) ;; *) echo "without $expected it ended with $code: $log" >&2; exit 1 ;; esac
}
refused MCP_ENDPOINT AIWORKER_MODE=manual
refused token MCP_ENDPOINT=http://127.0.0.1:1/mcp AIWORKER_TOKEN_FILE=/none
printf '  %-26s %s\n' entrypoint "refuses to start without a token or an address"

export MCP_ENDPOINT=http://127.0.0.1:1/mcp
AIWORKER_TERMINAL=127.0.0.1:7681 /opt/aiworker/entrypoint.sh &
entrypoint=$!
for _ in $(seq 100); do
    answer=$(curl -s -o /dev/null -w '%{http_code}' -u agent:smoke http://127.0.0.1:7681/ || true)
    [ "$answer" != 200 ] || break
    command sleep 0.1
done
kill -TERM "$entrypoint"
wait "$entrypoint" || true
[ "$answer" = 200 ] || { echo "the terminal answered $answer" >&2; exit 1; }
printf '  %-26s %s\n' terminal "answers with its password"

# The program of AiWorker is there for the coding CLI: it sets it up, and says what is missing.
aiworker agent-setup
jq -e '.mcpServers.aiworker.url == "http://127.0.0.1:1/mcp"' "$HOME/.claude.json" >/dev/null
for command in autopilot mcp-bridge; do
    refusal=$(MCP_ENDPOINT=http://127.0.0.1:1/mcp AIWORKER_TOKEN_FILE=/none aiworker $command 2>&1 </dev/null) &&
        { echo "aiworker $command does without a token" >&2; exit 1; }
    case $refusal in *token*) ;; *) echo "aiworker $command says: $refusal" >&2; exit 1 ;; esac
done
printf '  %-26s %s\n' aiworker "prepares the coding CLI"
