/** This program's version (semver.org). */
export const VERSION = "0.1.0";
/** The criu whose words, streams and exit codes `cready check` follows. */
export const CRIU_VERSION = "4.2";
