#!/bin/sh
# Runs a private PostgreSQL server inside the account that owns its data. Called by Expunge.Embedded; 'stop' also by people.
#   server.sh template BIN DIR [INITDB OPTION...]   makes an initialised data directory; the password comes on stdin
#   server.sh supervise BIN TEMPLATE HOME           runs a server; commands come on stdin, an answer per command goes to stdout
#   server.sh sweep HOME                            removes what a crash left, but not a server that was meant to stay
#   server.sh stop HOME                             stops the server and removes its data
set -u
umask 077

# The pid in HOME's pid file, if that process really is its postmaster: after a crash of the machine the number can be anybody's.
postmaster() {
  [ -s "$1/data/postmaster.pid" ] || return 1
  read -r pid <"$1/data/postmaster.pid"
  if [ -r "/proc/$pid/cmdline" ]; then
    words=$(tr '\0' ' ' <"/proc/$pid/cmdline")
  else
    words=$(ps -o command= -p "$pid" 2>/dev/null)
  fi
  case $words in
    *"$1/data"*) echo "$pid" ;;
    *) return 1 ;;
  esac
}

# The data is thrown away, so the checkpoint of a fast shutdown would be lost time: SIGQUIT is PostgreSQL's immediate shutdown.
discard() {
  if pid=$(postmaster "$1"); then
    kill -QUIT "$pid"
    tries=0
    while [ -e "$1/data/postmaster.pid" ] && kill -0 "$pid" 2>/dev/null; do
      tries=$((tries + 1))
      [ "$tries" -eq 300 ] && kill -KILL "$pid"
      [ "$tries" -gt 310 ] && break
      sleep 0.03
    done
  fi
  rm -rf "$1" "$1.lock"
}

template() {
  bin=$1 dir=$2
  shift 2
  rm -rf "$dir.new"
  mkdir "$dir.new" && cat >"$dir.new/password" &&
    "$bin/initdb" --pgdata="$dir.new/data" --username=postgres --pwfile="$dir.new/password" --auth=scram-sha-256 \
      --encoding=UTF8 --no-sync --no-instructions "$@" &&
    mv "$dir.new" "$dir"
}

create() {
  # ext4 passes over inodes that were freed in the last minutes, one by one: the thousand files of a server that follows others would take
  # 0.8 s instead of 0.1 s to make. Marked so, it puts each server's files elsewhere on the disk. Other file systems refuse it and need it not.
  chattr +T "${home%/*}" >/dev/null 2>&1
  mkdir "$home" || return 1
  # A copy-on-write copy where the file system has them. GNU cp first, then macOS's, then anybody's.
  for how in '-a --reflink=auto' '-c -R -p' '-R -p'; do
    # shellcheck disable=SC2086 # options, not a path
    cp $how "$template/data" "$home/data" 2>>"$home/log" && return 0
    rm -rf "$home/data"
  done
  return 1
}

control() {
  "$bin/pg_ctl" --pgdata="$home/data" --log="$home/log" --wait --timeout=60 --silent "$@" >>"$home/log" 2>&1 </dev/null
}

answer() {
  if [ "$1" -eq 0 ]; then echo ok; else echo failed; fi
}

supervise() {
  bin=$1 template=$2 home=$3 kept=
  # Ctrl-C in a terminal reaches every process there. Only the end of our parent, seen here as the end of stdin, ends the server.
  trap '' INT QUIT HUP PIPE
  trap 'discard "$home"; exit 0' TERM
  while read -r verb rest; do
    case $verb in
      create) create ;;
      set) printf '%s\n' "$rest" >>"$home/data/postgresql.conf" ;;
      start) control start ;;
      restart) control --mode="$rest" restart ;;
      keep) : >"$home/keep" && kept=1 ;;
      stop) break ;;
      *) false ;;
    esac
    answer $?
  done
  if [ -z "$kept" ] || [ "${verb:-}" = stop ]; then discard "$home"; fi
}

sweep() {
  if [ -e "$1/keep" ] && postmaster "$1" >/dev/null; then return 0; fi
  discard "$1"
}

case ${1:-} in
  template) shift && template "$@" ;;
  supervise) shift && supervise "$@" ;;
  sweep) sweep "$2" ;;
  stop)
    [ -d "${2:-}/data" ] || { echo "There is no server in '${2:-}' (any more)." >&2 && exit 1; }
    discard "$2"
    ;;
  *) echo "usage: server.sh stop HOME" >&2 && exit 2 ;;
esac
