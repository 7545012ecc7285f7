import type { Probe } from "./probe.ts";
import aio_remap from "./aio_remap.ts";
import can_map_vdso from "./can_map_vdso.ts";
import compat_cr from "./compat_cr.ts";
import mem_dirty_track from "./mem_dirty_track.ts";
import memfd_hugetlb from "./memfd_hugetlb.ts";
import overlayfs_maps from "./overlayfs_maps.ts";
import pagemap_scan from "./pagemap_scan.ts";
import pagemap_scan_guard_pages from "./pagemap_scan_guard_pages.ts";
import uffd from "./uffd.ts";
import uffd_noncoop from "./uffd_noncoop.ts";

/** The probes of memory that `--feature` knows. */
export const PROBES: readonly Probe[] = [
  aio_remap,
  can_map_vdso,
  compat_cr,
  mem_dirty_track,
  memfd_hugetlb,
  overlayfs_maps,
  pagemap_scan,
  pagemap_scan_guard_pages,
  uffd,
  uffd_noncoop,
];
