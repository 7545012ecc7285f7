import { CRIU_WORDS } from "../cpu/words.ts";
import { type MachineReport, REPORT, REPORT_VERSION } from "./document.ts";
import { ShapeError } from "./shape.ts";

/** No report is larger; a larger file is none. */
export const REPORT_BYTES = 4 * 1024 * 1024;

/** A file that is no report, or one that cannot be used: one sentence. */
export class ReportError extends Error {
  override readonly name = "ReportError";
}

/** Reads the document of `cready report`. Nothing of it is believed before it fits the schema. Throws `ReportError`. */
export function readReport(name: string, bytes: Uint8Array): MachineReport {
  if (bytes.length > REPORT_BYTES) throw new ReportError(`${name} is larger than any report (${REPORT_BYTES} bytes)`);
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new ReportError(`${name} is no report: it is no whole JSON document`);
  }
  const version = typeof document === "object" && document !== null && Object.hasOwn(document, "schemaVersion")
    ? (document as { schemaVersion: unknown }).schemaVersion
    : undefined;
  if (typeof version === "number" && version > REPORT_VERSION) {
    throw new ReportError(
      `${name} has schema version ${version}; this cready reads version ${REPORT_VERSION}: update it`,
    );
  }
  try {
    const report = REPORT.read(document, "");
    if (report.cpu && report.cpu.capabilityWords.length !== CRIU_WORDS.length) {
      throw new ShapeError(`cpu.capabilityWords is not ${CRIU_WORDS.length} words long`);
    }
    return report;
  } catch (error) {
    if (error instanceof ShapeError) throw new ReportError(`${name} is no report of cready: ${error.message}`);
    throw error;
  }
}
