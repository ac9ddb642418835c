#!/usr/bin/env bash
# Installs the programs that recordpipe is tested against and compared with.
#
#   scripts/counterparts.sh [NAME]...      (default: all)
#
# tensorflow original vahidk mxnet sagemaker rust npm chromium: record files, kernels, Pipe mode,
#   a browser. tensorflow has pyarrow, pandas, DuckDB and Ray, too, for tables. sagemaker-training: the toolkit of SageMaker's training containers.
# bundlers: rollup, webpack, and Next, to test bundles with them, esbuild and Vite. runtimes: Bun and Deno.
# loaders dali grain tfr-reader: loaders of images, datasets and Examples, for benchmarks.
# python-package: the tools that test and build the Python package, with pandas. torch: PyTorch for
#   its tests, from Debian, because the wheels contain CUDA.
# versitygw rgw moto: S3-compatible services. s3-clients: aws, s5cmd, boto3 with its CRT. nginx: the
#   server for measuring clients.
# slurm: runs job arrays. shells: zsh, fish and mandoc, to test completion and man pages. recipes: tools that check the files of docs/scale-out and of
#   docs/checking-in-ci.md (shellcheck, GNU parallel, jq, pre-commit, schemas of Kubernetes, of AWS
#   services, of GitHub and of GitLab, the Amazon States Language).
# actionlint: checks .github/workflows.
#
# Prints one line per name, `have: NAME` or `skipped: NAME (why)`, and exits with 0 in both cases:
# a missing counterpart skips tests and figures and is not a failure. Installs to
# .cache/counterparts/NAME (git-ignored) and logs to .cache/counterparts/NAME.log. Versions are
# pinned in bench/against; after a pin changes, the next run reinstalls. `original`, the PipeModeDataset of
# sagemaker_tensorflow, needs Python 3.11 on x86-64 Linux and 1.2 GB of disk space.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
against=$root/bench/against
cache=$root/.cache/counterparts
all=(tensorflow original vahidk mxnet sagemaker sagemaker-training rust npm loaders dali grain tfr-reader python-package torch bundlers runtimes chromium versitygw rgw moto s3-clients nginx slurm shells recipes actionlint)

# The files that pin a counterpart. Their hash shows whether the installation is up to date.
pins_of() {
  case $1 in
    tensorflow | vahidk | mxnet | sagemaker | sagemaker-training | moto | s3-clients | recipes | loaders | dali | grain | tfr-reader | python-package | torch) echo "$against/$1.requirements.txt" ;;
    original) echo "$against/original.requirements.txt" "$root/scripts/install-original.sh" ;;
    rust) echo "$against/rust/Cargo.toml" "$against/rust/Cargo.lock" "$against/rust/src/main.rs" ;;
    npm) echo "$against/package.json" "$against/package-lock.json" ;;
    bundlers | runtimes) echo "$against/$1/package.json" "$against/$1/package-lock.json" ;;
    versitygw | actionlint) echo "$against/$1.version" ;;
  esac
}

# The Debian packages of a counterpart; these are not pinned.
packages_of() {
  case $1 in
    chromium) echo chromium ;;
    rgw) echo radosgw ceph-mon ceph-osd ceph-common ;;
    nginx) echo nginx-light ;;
    slurm) echo slurmctld slurmd slurm-client munge ;;
    shells) echo zsh fish mandoc ;;
    *) return 1 ;;
  esac
}

stamp_of() {
  # shellcheck disable=SC2046
  { cat $(pins_of "$1") && echo "$root"; } | sha256sum | cut -d' ' -f1
}

# install_venv NAME [OPTION]...: OPTIONs are those of pip install.
install_venv() {
  local name=$1
  shift
  rm -rf "${cache:?}/$name"
  "${PYTHON:-python3}" -m venv "$cache/$name" &&
    "$cache/$name/bin/python" -m pip install --quiet --disable-pip-version-check "$@" \
      --requirement "$against/$name.requirements.txt"
}

# Its sources need an older Cython than the newest, and only a constraint reaches their build.
install_tfr_reader() {
  echo 'cython<3.1' >"$cache/tfr-reader.constraints"
  PIP_CONSTRAINT=$cache/tfr-reader.constraints install_venv tfr-reader
}

# Only Debian has a PyTorch without CUDA. Its NumPy belongs to it.
install_torch() {
  install_packages torch 'python3-torch python3-venv' || return 1
  rm -rf "${cache:?}/torch"
  /usr/bin/python3 -m venv --system-site-packages "$cache/torch" &&
    "$cache/torch/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --requirement "$against/torch.requirements.txt"
}

install_rust() {
  CARGO_TARGET_DIR=$cache/rust cargo build --quiet --release --locked \
    --manifest-path "$against/rust/Cargo.toml"
}

install_npm() {
  (cd "$against" && npm ci --no-audit --no-fund)
}

install_bundlers() {
  (cd "$against/bundlers" && npm ci --no-audit --no-fund)
}

# Without its installation script, which may download the program from elsewhere.
install_runtimes() {
  (cd "$against/runtimes" && npm ci --no-audit --no-fund --ignore-scripts && chmod +x "$(bun)" "$(deno)")
}

bun() { echo "$against/runtimes/node_modules/@oven/bun-linux-x64/bin/bun"; }
deno() { echo "$against/runtimes/node_modules/@deno/linux-x64-glibc/deno"; }

install_original() {
  "$root/scripts/install-original.sh" "$cache/original"
}

# The Debian tools need root; the others are in a Python environment.
install_recipes() {
  if ! { command -v shellcheck && command -v parallel && command -v jq; }; then
    install_packages recipes 'shellcheck parallel jq' || return 1
  fi
  install_venv recipes
}

recipe_tools() {
  command -v shellcheck && command -v parallel && command -v jq && "$cache/recipes/bin/python" -c 'import botocore, check_jsonschema, kubernetes_validate, pre_commit, statelint'
}

install_versitygw() {
  GOBIN=$cache/versitygw/bin go install "github.com/versity/versitygw/cmd/versitygw@$(cat "$against/versitygw.version")"
}

install_actionlint() {
  GOBIN=$cache/actionlint/bin go install "github.com/rhysd/actionlint/cmd/actionlint@$(cat "$against/actionlint.version")"
}

# RUNLEVEL prevents the packages from starting services.
install_packages() {
  if [ "$(id -u)" -ne 0 ]; then
    echo 'apt-get needs root'
    return 1
  fi
  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
  # shellcheck disable=SC2046,SC2086
  apt-get update -qq && apt-get install -qq --yes --no-install-recommends ${2:-$(packages_of "$1")}
}

# Checks that a counterpart is installed. Fast, so that repeated runs cost little.
works() {
  case $1 in
    tensorflow | vahidk) [ -x "$cache/$1/bin/python" ] && "$cache/$1/bin/python" -c '' ;;
    original) "$cache/$1/bin/python" -c 'from importlib.util import find_spec; assert find_spec("sagemaker_tensorflow")' ;;
    mxnet) "$cache/$1/bin/python" -c 'import mxnet.recordio' ;;
    sagemaker) "$cache/$1/bin/python" -c 'import sagemaker.amazon.common' ;;
    loaders) "$cache/$1/bin/python" -c 'from importlib.util import find_spec; assert find_spec("webdataset") and find_spec("streaming")' ;;
    dali) "$cache/$1/bin/python" -c 'import nvidia.dali' ;;
    grain) "$cache/$1/bin/python" -c 'from importlib.util import find_spec; assert find_spec("grain") and find_spec("array_record")' ;;
    tfr-reader) "$cache/$1/bin/python" -c 'import tfr_reader, pyarrow' ;;
    python-package) "$cache/$1/bin/python" -c 'from importlib.util import find_spec; assert find_spec("pyarrow") and find_spec("pytest") and find_spec("build")' ;;
    torch) "$cache/$1/bin/python" -c 'from importlib.util import find_spec; assert find_spec("torch") and find_spec("pyarrow")' ;;
    sagemaker-training) [ -x "$cache/$1/bin/train" ] && "$cache/$1/bin/python" -c 'from importlib.util import find_spec; assert find_spec("sagemaker_training")' ;;
    rust) [ -x "$cache/rust/release/tfrecord-peer" ] ;;
    npm) [ -d "$against/node_modules/tfrecord" ] && [ -d "$against/node_modules/aws-crt" ] && [ -d "$against/node_modules/rxjs" ] && [ -d "$against/node_modules/@roboflow/tfrecords" ] ;;
    bundlers) [ -d "$against/bundlers/node_modules/webpack" ] && [ -d "$against/bundlers/node_modules/rollup" ] && [ -d "$against/bundlers/node_modules/next" ] ;;
    runtimes) "$(bun)" --version && "$(deno)" --version ;;
    chromium) chromium --version ;;
    actionlint) "$cache/actionlint/bin/actionlint" -version ;;
    versitygw) [ -x "$cache/versitygw/bin/versitygw" ] ;;
    rgw) command -v radosgw && command -v ceph-mon && command -v ceph-osd && command -v ceph ;;
    moto) "$cache/moto/bin/python" -c 'from importlib.util import find_spec; assert find_spec("moto.server")' ;;
    s3-clients) [ -x "$cache/s3-clients/bin/aws" ] && "$cache/s3-clients/bin/s5cmd" version ;;
    # /usr/sbin is not in every user's PATH.
    slurm) [ -x /usr/sbin/slurmctld ] && [ -x /usr/sbin/slurmd ] && [ -x /usr/sbin/munged ] && command -v sbatch ;;
    shells) command -v zsh && command -v fish && command -v mandoc ;;
    recipes) recipe_tools ;;
    nginx) [ -x /usr/sbin/nginx ] || command -v nginx ;;
  esac
}

have() {
  works "$1" >/dev/null 2>&1 || return 1
  packages_of "$1" >/dev/null || [ "$(cat "$cache/$1.stamp" 2>/dev/null)" = "$(stamp_of "$1")" ]
}

install() {
  case $1 in
    tensorflow | vahidk | mxnet | sagemaker | sagemaker-training | moto | s3-clients | grain | python-package) install_venv "$1" ;;
    # Their full requirements include PyTorch and CUDA.
    loaders | dali) install_venv "$1" --no-deps ;;
    tfr-reader) install_tfr_reader ;;
    torch) install_torch ;;
    original) install_original ;;
    recipes) install_recipes ;;
    rust) install_rust ;;
    npm) install_npm ;;
    bundlers) install_bundlers ;;
    runtimes) install_runtimes ;;
    versitygw) install_versitygw ;;
    actionlint) install_actionlint ;;
    *) install_packages "$1" ;;
  esac
}

# Prints why an installation failed in one line: the first error in its log, or else the last line.
why() {
  local line
  line=$(grep -iE '^(E:|error|npm error)' "$cache/$1.log" | grep -v -m 1 'Ignored the following')
  [ -n "$line" ] || line=$(grep -v '^[[:space:]]*$' "$cache/$1.log" | tail -n 1)
  echo "${line:-the installer printed nothing}" | sed 's/^.*: line [0-9]*: //' | tr -d '\r' | cut -c 1-160
}

provide() {
  case " ${all[*]} " in
    *" $1 "*) ;;
    *)
      echo "skipped: $1 (unknown name)"
      return
      ;;
  esac
  if ! have "$1"; then
    rm -f "$cache/$1.stamp"
    if { install "$1" && works "$1"; } >"$cache/$1.log" 2>&1 </dev/null; then
      packages_of "$1" >/dev/null || stamp_of "$1" >"$cache/$1.stamp"
    else
      why "$1" | tee "$cache/$1.skipped" | sed "s/.*/skipped: $1 (&)/"
      return
    fi
  fi
  rm -f "$cache/$1.skipped"
  echo "have: $1"
}

mkdir -p "$cache"
if command -v flock >/dev/null; then
  exec 9>"$cache/.lock"
  flock 9
fi
[ $# -gt 0 ] || set -- "${all[@]}"
for name in "$@"; do
  provide "$name"
done
exit 0
