#!/usr/bin/env bash
# Installs the original PipeModeDataset (sagemaker_tensorflow) into a new Python environment.
#
#   scripts/install-original.sh DIR        then: DIR/bin/python -c 'import sagemaker_tensorflow'
#
# Its newest wheel is tagged for Python 3.10. Its shared object depends on the ABI of TensorFlow,
# not of Python, so it also loads on 3.11 when unpacked next to the TensorFlow it was built for.
set -euo pipefail

against=$(cd "$(dirname "${BASH_SOURCE[0]}")/../bench/against" && pwd)
dir=${1:?usage: install-original.sh DIR}
extension=$(sed -n 's/^#wheel //p' "$against/original.requirements.txt")

rm -rf "${dir:?}"
"${PYTHON:-python3}" -m venv "$dir"
pip=("$dir/bin/python" -m pip --disable-pip-version-check)
"${pip[@]}" install --quiet --requirement "$against/original.requirements.txt"
wheels=$(mktemp -d)
trap 'rm -rf "$wheels"' EXIT
"${pip[@]}" download --quiet --no-deps --only-binary=:all: --python-version 310 \
  --platform manylinux1_x86_64 --dest "$wheels" "$extension"
site=$("$dir/bin/python" -c 'import site; print(site.getsitepackages()[0])')
"$dir/bin/python" -m zipfile -e "$wheels"/*.whl "$site"
"$dir/bin/python" -c 'import sagemaker_tensorflow'
