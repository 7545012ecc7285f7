# All runs of the matrix, and their table. Sourced by scripts/kernels.
# shellcheck shell=bash

table() { # table FOLDER
  local run folder
  printf '%-22s %8s %5s %6s %7s\n' RUN SECONDS TRIES CREADY CRIU
  for run in "$1"/*/run.json; do
    folder=${run%/run.json}
    printf '%-22s %8s %5s %6s %7s\n' "${folder##*/}" \
      "$(sed 's/.*"seconds":\([0-9]*\).*/\1/' "$run")" "$(sed 's/.*"tries":\([0-9]*\).*/\1/' "$run")" \
      "$(cat "$folder/cready/all.rc" 2>/dev/null || echo -)" \
      "$(if [ -e "$folder/criu/kdat" ]; then cat "$folder/criu/"{check,extra,all}.rc | tr '\n' ' '; else echo -; fi)"
  done
}

matrix() { # matrix JOB FOLDER : two at a time, one for each core of a small machine
  local job=$1 folder=$2 from=$SECONDS failed=0 kernel variant
  mkdir -p "$folder"
  # What an earlier run left is no result of this one.
  matrix_runs | while read -r kernel variant; do rm -rf "$folder/${kernel:?}-$variant"; done
  matrix_runs | xargs -P "${CREADY_VMS:-2}" -L 1 "$0" boot --job "$job" --out "$folder" || failed=1
  table "$folder"
  echo "$(matrix_runs | wc -l) runs, $((SECONDS - from)) s"
  return $failed
}
