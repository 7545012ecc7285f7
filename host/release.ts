/** The version numbers at the start of a kernel release or of a version text, such as 6.1 of `6.1.0-13-amd64`. */
export function versionOf(text: string): readonly [major: number, minor: number] | undefined {
  const m = /^v?(\d{1,4})\.(\d{1,4})/.exec(text);
  return m ? [Number(m[1]), Number(m[2])] : undefined;
}

/** Whether a kernel release is older than a version; undefined where either cannot be read. For remedies only. */
export function isOlder(release: string, version: string): boolean | undefined {
  const a = versionOf(release), b = versionOf(version);
  return a && b ? a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]) : undefined;
}
