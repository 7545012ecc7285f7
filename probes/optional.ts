import type { Probe } from "./probe.ts";
import breakpoints from "./breakpoints.ts";

/** Category 4: asked after all others, told, never counted. */
export const OPTIONAL: readonly Probe[] = [
  breakpoints,
];
