import type { RuleId } from "../../../rules/registry.ts";
import type { OpenFile } from "../../open_file.ts";
import { pluginsOf } from "../../plugins.ts";
import type { Reporter } from "../../report.ts";
import type { Tree } from "../../tree.ts";

/** Plugins of criu's own sources, of which is known what they take: devices.ts asks for them where it matters. */
const KNOWN = ["amdgpu_plugin.so", "cuda_plugin.so"];
/** What the first of them takes beside devices (criu 4.2). */
const BUFFER: RuleId = "fd-dmabuf";

/**
 * Reports a descriptor of a kind that criu itself does not know (dump_unsupp_fd). `branch` and `info` are what its
 * message has in parentheses: how it was looked at, and what it is.
 */
export function reportUnsupported(
  tree: Tree,
  report: Reporter,
  file: OpenFile,
  rule: RuleId,
  branch: "anon" | "chr" | "reg" | "unknown",
  info: string,
  reason: string,
): void {
  const { folder, names } = pluginsOf(tree);
  const foreign = names.filter((name) => !KNOWN.includes(name) || (rule === BUFFER && name === KNOWN[0]));
  const seen = {
    rule,
    task: file.task,
    subject: `fd ${file.fd}`,
    values: [file.fd, file.stat?.mode ?? 0, branch, info],
  };
  const message = "Can't dump file";
  if (foreign.length === 0) report.add({ ...seen, message, reason, effect: "REFUSED", options: [] });
  else {
    const plugins = `${foreign.join(", ")} in ${folder}`;
    report.add({ ...seen, message, reason: `${reason}, and only a plugin may take it: ${plugins}`, effect: "UNKNOWN" });
  }
}
