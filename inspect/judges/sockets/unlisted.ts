import type { Report } from "../../report.ts";
import type { Tree } from "../../tree.ts";
import type { TreeSocket } from "../sockets.ts";

/** The errno of a kernel that has no list of such sockets: no module gives it (sock_diag(7)). */
const NO_LIST = "ENOENT";

/** Reports a socket whose kind the kernel does not list: criu cannot go on then, if the reason is not one of our own. */
export function reportUnlisted(tree: Tree, report: Report, { file, options }: TreeSocket, errno: string): void {
  const seen = { rule: "env-sock-diag", task: file.task, subject: `fd ${file.fd}` } as const;
  if (errno === NO_LIST && !tree.around.host.filtered) {
    report.add({
      ...seen,
      reason: `the kernel lists no sockets of family ${options.domain}, protocol ${options.protocol}: ${errno}`,
      values: [options.domain, options.protocol],
    });
  } else {
    const remedy = errno === "EPERM" ? "inspect with CAP_SYS_ADMIN, which may enter other network namespaces" : null;
    report.unknown(seen.rule, file.task, seen.subject, `its network namespace cannot be asked: ${errno}`, remedy);
  }
}
