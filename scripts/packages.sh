# The Debian packages that the scripts need, and how they get there. Sourced, not run.

# What the lab and the end-to-end tests run for real.
lab_packages="containernetworking-plugins iproute2 iputils-ping"
# What the tests need beside those: certificates for TLS tests, a second opinion on the kernel's state.
test_packages="$lab_packages openssl ethtool python3"

# require_root WHAT: network namespaces are root's.
require_root() {
  if [ "$(id -u)" -ne 0 ]; then
    echo "$0: $1 makes network namespaces and needs root; run it as root (sudo $0)" >&2
    exit 1
  fi
}

# install_packages PACKAGE...: installs what is missing, nothing when all is there.
install_packages() {
  missing=""
  for package in "$@"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=""
    [ "$status" = installed ] || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  if ! command -v apt-get >/dev/null; then
    echo "$0: missing packages:$missing; this machine has no apt-get to install them with" >&2
    exit 1
  fi
  echo "Installing from Debian:$missing"
  # shellcheck disable=SC2086
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

# require_swift: the toolchain comes from elsewhere; say so rather than fail in the middle.
require_swift() {
  if ! command -v swift >/dev/null; then
    echo "$0: no swift on PATH: Swift 6.3 or later is needed" >&2
    exit 1
  fi
}
