// linux/major.h, linux/miscdevice.h
const MEM_MAJOR = 1;
const MISC_MAJOR = 10;
const TUN_MINOR = 200;
const AUTOFS_MINOR = 235;

/** What criu does with a character device: takes it by its name, as a tunnel, as a terminal, or not at all. */
export type DeviceKind = "NAMED" | "TUN" | "TERMINAL" | "UNSUPPORTED";

/** Sorts a character device by its number as criu's dump_chrdev and get_tty_driver do. */
export function deviceKind(major: number, minor: number): DeviceKind {
  if (major === MEM_MAJOR) return "NAMED";
  if (major === MISC_MAJOR && minor === TUN_MINOR) return "TUN";
  if (major === MISC_MAJOR && minor === AUTOFS_MINOR) return "NAMED";
  return terminalDriver(major, minor) === null ? "UNSUPPORTED" : "TERMINAL";
}

/** The names of criu's terminal drivers, as its messages have them. */
export type TerminalDriver = "ptmx" | "pts" | "console" | "ctty" | "vt" | "serial";

/** The driver that criu has for a terminal of this number; null for what it takes for no terminal. */
export function terminalDriver(major: number, minor: number): TerminalDriver | null {
  switch (major) {
    case 4: // TTY_MAJOR: MIN_NR_CONSOLES to MAX_NR_CONSOLES
      return minor >= 1 && minor <= 63 ? "vt" : null;
    case 5: // TTYAUX_MAJOR
      return (["ctty", "console", "ptmx"] as const)[minor] ?? null;
    case 136: // UNIX98_PTY_SLAVE_MAJOR
      return "pts";
    case 188: // USB_SERIAL_MAJOR
    case 204: // LOW_DENSE_SERIAL_MAJOR
      return "serial";
    default: // UNIX98_PTY_MASTER_MAJOR and the seven after it
      return major >= 128 && major <= 135 ? "ptmx" : null;
  }
}
