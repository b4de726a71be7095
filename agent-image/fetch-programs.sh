#!/bin/sh
# Fetches programs from npm's registry as single archives, checked against the registry's sums.
#   fetch-programs.sh claude VERSION                    into /fetch/claude
#   fetch-programs.sh others NODE NPM BUN               into /fetch/others
# Runs only while the image is built (Dockerfile).
set -eu

case $(uname -m) in
    x86_64) cpu=x64 bun_cpu=x64 ;;
    aarch64) cpu=arm64 bun_cpu=aarch64 ;;
    *) echo "no programs for $(uname -m)" >&2 && exit 1 ;;
esac
what=$1
shift
target=/fetch/$what
mkdir -p "$target/bin"

unpack() { # package, version: into the folder ./package
    rm -rf package ./*.tgz
    npm pack --silent "$1@$2" >/dev/null
    tar -xzf ./*.tgz
    rm -f ./*.tgz
}

cd /tmp
case $what in
    claude)
        unpack "@anthropic-ai/claude-code-linux-$cpu" "$1"
        install -m 755 package/claude "$target/bin/claude"
        ;;
    others)
        unpack "node-linux-$cpu" "$1"
        install -m 755 package/bin/node "$target/bin/node"
        unpack npm "$2"
        mkdir -p "$target/lib/node_modules"
        mv package "$target/lib/node_modules/npm"
        ln -s ../lib/node_modules/npm/bin/npm-cli.js "$target/bin/npm"
        ln -s ../lib/node_modules/npm/bin/npx-cli.js "$target/bin/npx"
        unpack "@oven/bun-linux-$bun_cpu" "$3"
        install -m 755 package/bin/bun "$target/bin/bun"
        ln -s bun "$target/bin/bunx"
        ;;
esac
rm -rf package
