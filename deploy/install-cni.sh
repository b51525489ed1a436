#!/bin/sh
# Puts the CNI plugin (and, when asked, a CNI configuration) where the node's runtime looks for it.
#
#   install-cni.sh [--plugin=FILE] [--bin-dir=DIR] [--conf=FILE [--conf-dir=DIR] [--conf-name=NAME]]
#
# The runtime may start the plugin at any moment, and so never sees half a file: each is written under another name in the same
# folder, brought to the disk, and renamed. Running it again, or over an older version, is always safe.
set -eu
umask 022

plugin=/usr/local/bin/kube-ovn
bin_dir=/opt/cni/bin
conf=
conf_dir=/etc/cni/net.d
conf_name=
pending=

say() { printf 'install-cni: %s\n' "$*"; }
fail() {
  say "$*" >&2
  exit 1
}

# place SOURCE FOLDER NAME MODE: makes FOLDER/NAME a copy of SOURCE, at once or not at all.
place() {
  source=$1 folder=$2 name=$3 mode=$4
  target=$folder/$name
  [ -f "$source" ] || fail "$source does not exist"
  mkdir -p "$folder" || fail "cannot make the folder $folder"
  [ ! -d "$target" ] || fail "$target is a folder; remove it first"
  # What an interrupted run left behind an hour ago or earlier.
  find "$folder" -maxdepth 1 -type f -name ".$name.??????" -mmin +60 -exec rm -f {} + || :
  if [ ! -L "$target" ] && cmp -s "$source" "$target" && [ "$(stat -c %a "$target")" = "$mode" ]; then
    say "$target is up to date"
    return
  fi
  # The name ends in neither .conf, .conflist nor .json: runtimes read every such file of the folder.
  pending=$(mktemp "$folder/.$name.XXXXXX") || fail "cannot write into $folder (is it mounted read-only?)"
  cp "$source" "$pending" || fail "cannot copy $source into $folder (is the disk full?)"
  chmod "$mode" "$pending"
  sync "$pending" || fail "cannot bring $pending to the disk"
  mv -f "$pending" "$target" || fail "cannot replace $target"
  pending=
  sync "$folder" || fail "$target is in place, but $folder could not be brought to the disk"
  say "installed $target"
}

# A plugin that does not run here must not take the place of one that does.
check_plugin() {
  [ -f "$plugin" ] || fail "$plugin does not exist"
  case $plugin in
    */*) ;;
    *) plugin=./$plugin ;; # else the shell would look for it in PATH
  esac
  [ -x "$plugin" ] || fail "$plugin is not executable"
  reply=$(printf '{"cniVersion":"1.0.0"}' | CNI_COMMAND=VERSION "$plugin" 2>&1) \
    || fail "$plugin does not run on this node (an image for another architecture?): $reply"
  case $reply in
    *supportedVersions*) ;;
    *) fail "$plugin does not answer as a CNI plugin: $reply" ;;
  esac
}

for argument in "$@"; do
  value=${argument#*=}
  case $argument in
    --plugin=?*) plugin=$value ;;
    --bin-dir=?*) bin_dir=$value ;;
    --conf=?*) conf=$value ;;
    --conf-dir=?*) conf_dir=$value ;;
    --conf-name=?*) conf_name=$value ;;
    --plugin= | --bin-dir= | --conf= | --conf-dir= | --conf-name=) fail "$argument needs a value" ;;
    *) fail "unknown argument '$argument'; known: --plugin= --bin-dir= --conf= --conf-dir= --conf-name=" ;;
  esac
done

trap 'if [ -n "$pending" ]; then rm -f "$pending"; fi' EXIT
trap 'exit 1' HUP INT TERM

check_plugin
place "$plugin" "$bin_dir" kube-ovn 755
# The configuration comes last: a runtime that sees it takes the network to be ready.
if [ -n "$conf" ]; then
  place "$conf" "$conf_dir" "${conf_name:-$(basename "$conf")}" 644
fi
