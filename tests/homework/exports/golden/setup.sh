#!/usr/bin/env bash
# Runs once, when the image is built: finds a Python of 3.11 or newer and installs shapecalc.
set -eu
cd "$(dirname "$0")/.."
newest() {
  for python in python3.14 python3.13 python3.12 python3.11 python3; do
    if "$python" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
      echo "$python"
      return
    fi
  done
}
python="$(newest)"
if [ -z "$python" ] || ! "$python" -m venv venv; then
  apt-get update
  apt-get install -y python3 python3-venv
  apt-get install -y python3.11 python3.11-venv || true
  python="$(newest)"
  [ -n "$python" ] || { echo "no Python of 3.11 or newer: choose a newer Ubuntu" >&2; exit 1; }
  "$python" -m venv --clear venv
fi
venv/bin/python -m pip install "shapecalc-convnets==VERSION"
