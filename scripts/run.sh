#!/usr/bin/env bash
# Starts the gateway on this machine only and prints how to talk to it.
# Usage: run.sh BINARY DATA_DIR   (CONFIG_FILE_PATH, HOST and PORT are honoured)
set -euo pipefail

binary=$1
data_dir=$2
host=${HOST:-127.0.0.1}
# Some shells export HOST as the machine's name; only an address is meant here.
[[ $host =~ ^[0-9.:]+$|^localhost$ ]] || host=127.0.0.1
port=${PORT:-4000}
url="http://$host:$port"

install -d -m 700 "$data_dir"
HOST=$host PORT=$port LOCKGATE_DATA_DIR=$data_dir "$binary" &
gateway=$!
trap 'kill -TERM $gateway 2>/dev/null; wait $gateway' INT TERM

for _ in $(seq 100); do
  if (exec 3<>"/dev/tcp/$host/$port") 2>/dev/null; then break; fi
  kill -0 "$gateway" 2>/dev/null || { wait "$gateway"; exit $?; }
  sleep 0.05
done

key=${LITELLM_MASTER_KEY:-${PROXY_MASTER_KEY:-}}
[[ -n $key || ! -r $data_dir/master_key ]] || key=$(<"$data_dir/master_key")
cat <<TEXT

  URL         $url
  Master key  ${key:-the one in your configuration file}

  Try it:

    curl $url/v1/chat/completions \\
      -H "Authorization: Bearer ${key:-\$MASTER_KEY}" -H "Content-Type: application/json" \\
      -d '{"model": "demo", "messages": [{"role": "user", "content": "Hello!"}]}'

  Stop it with Ctrl-C.

TEXT
wait "$gateway"
