#!/bin/sh
# Puts what the first start has to do into /openbao/first-start, or leaves it empty. The first server alone may
# do it, once: were it to come back with an empty disk, it would otherwise begin a second OpenBao beside the
# one that its neighbours still hold.
set -eu
target="${TARGET:-/openbao/first-start}"
setup="${SETUP:-/openbao/setup}"

echo "# Nothing to do at this start." >"$target/start.hcl"
case "$(hostname)" in
  *-0) ;;
  *) exit 0 ;;
esac
for neighbour in 1 2; do
  if wget -q -T 3 -O - "http://openbao-$neighbour.openbao-internal:8200/v1/sys/init" 2>/dev/null |
    grep -q '"initialized": *true'; then
    echo "openbao-$neighbour knows OpenBao already: joining"
    exit 0
  fi
done
# Ignored by a server whose storage is initialised.
cp "$setup/init.hcl" "$target/start.hcl"
