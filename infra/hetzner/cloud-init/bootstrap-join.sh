#!/usr/bin/env bash
# A further control plane or a worker: joins the cluster that the first one makes, and nothing else.
# May be run again; does nothing once it has succeeded.
set -euo pipefail

# shellcheck source=infra/hetzner/cloud-init/lib.sh
. "${CATALYST_ROOT:-}/opt/catalyst/lib.sh"

start
prepare_system
wait_for_private_network

answers() { curl --silent --insecure --max-time 5 --output /dev/null "$FIRST_API/ping"; }
once first-control-plane retry 120 10 answers

install_k3s
finish
