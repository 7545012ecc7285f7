import type { Probe } from "./probe.ts";
import kcmp from "./kcmp.ts";
import map_files from "./map_files.ts";
import prctl_mm_map from "./prctl_mm_map.ts";
import seccomp_filters from "./seccomp_filters.ts";

/** Everything that can be asked, in the order in which criu 4.2 checks it; the seven that only --feature reaches last. */
export const PROBES: readonly Probe[] = [
  // REQUIRED
  map_files,
  kcmp,
  // EXTRA
  prctl_mm_map,
  seccomp_filters,
];
