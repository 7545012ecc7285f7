/**
 * The fields of /proc/PID/stat (proc_pid_stat(5)) in order: the first is at index 0, and the name, which may
 * hold blanks and parentheses itself, is without its own. Empty where the line is none.
 */
export function parseStat(text: string): string[] {
  const open = text.indexOf("("), close = text.lastIndexOf(")");
  if (open < 0 || close < open) return [];
  const rest = text.slice(close + 1).trim();
  return [text.slice(0, open).trim(), text.slice(open + 1, close), ...(rest ? rest.split(/\s+/) : [])];
}
