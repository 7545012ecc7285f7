import ns_pid from "../../../probes/ns_pid.ts";
import { ROOT_STATUS } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

const status = (lines: string) => ({ files: { "/proc/self/status": ROOT_STATUS + lines } });

probeCases(ns_pid, [
  ["the line ends with our pid", status("Pid:\t4000\nNSpid:\t4000\n"), "SUPPORTED"],
  ["/proc is an outer namespace's", status("Pid:\t9\nNSpid:\t9\t4000\n"), "SUPPORTED"],
  ["there is no such line", status("Pid:\t4000\n"), "UNSUPPORTED", /NSpid:/],
  ["it has another pid", status("Pid:\t4000\nNSpid:\t4001\n"), "INCONCLUSIVE", /4001/],
  ["the line is empty", status("Pid:\t4000\nNSpid:\n"), "INCONCLUSIVE"],
  ["another file is mounted over it", status(""), "INCONCLUSIVE", /no line that begins with Pid/],
  ["/proc is not mounted", { files: { "/proc/self/status": "!ENOENT" } }, "INCONCLUSIVE", /ENOENT/],
  ["it may not be read", { files: { "/proc/self/status": "!EACCES" } }, "INCONCLUSIVE", /EACCES/],
]);
