/** What `cready check` loads only for other formats than text, and for --criu. */
export { checkJson, featuresJson, findingJson } from "../report/json.ts";
export { reportOf } from "../report/report.ts";
export { table } from "../report/table.ts";
export { besideCriu } from "./beside_criu.ts";
