import proc_stat from "../../../probes/proc_stat.ts";
import { probeCases } from "../probe_case.ts";

const line = (fields: number, change: Record<number, string> = {}) => {
  const values = Array.from(
    { length: fields },
    (_, i) => change[i + 1] ?? (i === 1 ? "(a b)" : i === 2 ? "R" : String(i)),
  );
  return { "/proc/self/stat": `${values.join(" ")}\n` };
};

probeCases(proc_stat, [
  ["all fields are there", { files: line(52) }, "SUPPORTED"],
  ["there are more fields", { files: line(55) }, "SUPPORTED"],
  ["a field is negative", { files: line(52, { 8: "-1" }) }, "SUPPORTED"],
  ["the last field is missing", { files: line(51) }, "UNSUPPORTED", /51 fields/],
  ["a field is no number", { files: line(52, { 48: "x" }) }, "UNSUPPORTED", /field 48/],
  ["it is empty", { files: { "/proc/self/stat": "" } }, "UNSUPPORTED", /0 fields/],
  ["it cannot be found", {}, "INCONCLUSIVE", /ENOENT/],
  ["it is refused", { files: { "/proc/self/stat": "!EACCES" } }, "INCONCLUSIVE", /EACCES/],
  [
    "something else covers it",
    {
      files: line(52),
      calls: {
        fstatfs({ args: [, at], memory }) {
          memory.setU64(at!, 0x01021994);
          return 0;
        },
      },
    },
    "BLOCKED",
    /not the kernel's/,
  ],
]);
