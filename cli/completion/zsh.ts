import { type Completed, type CompletedOption, GLOBAL_OPTIONS, type Place } from "./completed.ts";

/** The completions for zsh, to be put into a file named _cready in a folder of $fpath. */
export function zsh(commands: readonly Completed[]): string {
  return `#compdef cready
# Completions of cready for zsh; made by: cready completion zsh
_cready() {
  local curcontext=$curcontext state line
  local -a commands
  typeset -A opt_args
  commands=(
${commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary.replaceAll(":", "\\:")}`)}\n`).join("")}  )
  _arguments -C \\
${
    GLOBAL_OPTIONS.map(({ long, short, help }) =>
      `    '(- *)'{-${short},--${long}}${quoted(`[${bracketed(help)}]`)} \\\n`
    ).join("")
  }    '1:command:->command' '*::argument:->argument' && return
  case $state in
    command) _describe -t commands command commands ;;
    argument)
      case $line[1] in
${
    commands.map(({ name, options, place }) =>
      `        ${name})\n          _arguments -s -S \\\n${
        options.map((option) => `            ${specOf(option)} \\\n`).join("")
      }            ${quoted(`*:${message(place)}:${action(place)}`)}\n          ;;\n`
    ).join("")
  }      esac
      ;;
  esac
}
_cready "$@"
`;
}

function specOf({ long, short, help, argument, value, place }: CompletedOption): string {
  const names = [
    ...(short ? [`-${short}${argument === "optional" ? "-" : argument === "none" ? "" : "+"}`] : []),
    `--${long}${argument === "optional" ? "=-" : argument === "none" ? "" : "="}`,
  ];
  const label = value.replaceAll(/[[\]=]/g, "").replaceAll(":", " ") || "value";
  const value_ = argument === "none" ? "" : `${argument === "optional" ? "::" : ":"}${label}:${action(place)}`;
  return names.map((name) => quoted(`*${name}[${bracketed(help)}]${value_}`)).join(" ");
}

function action(place: Place): string {
  switch (place.kind) {
    case "words":
      return place.list ? `_sequence compadd - ${place.words.join(" ")}` : `(${place.words.join(" ")})`;
    case "file":
      return "_files";
    case "folder":
      return "_files -/";
    case "pid":
      return "_pids";
    case "other":
      return "()";
  }
}

const message = ({ kind }: Place) => kind === "words" ? "name" : kind === "pid" ? "process" : kind;

/** What stands between brackets in a specification. */
function bracketed(text: string): string {
  return text.replaceAll(/[[\]\\]/g, "\\$&");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
