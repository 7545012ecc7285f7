import { type Completed, GLOBAL_OPTIONS, type Place } from "./completed.ts";

/** The completions for bash; needs nothing but bash itself. */
export function bash(commands: readonly Completed[]): string {
  return `# Completions of cready for bash; made by: cready completion bash
_cready() {
  local cur=\${COMP_WORDS[COMP_CWORD]} command='' option='' i
  COMPREPLY=()
  # bash takes --option=value for three words.
  if [[ $cur == = ]]; then option=\${COMP_WORDS[COMP_CWORD-1]} cur=''
  elif [[ \${COMP_WORDS[COMP_CWORD-1]} == = ]]; then option=\${COMP_WORDS[COMP_CWORD-2]}
  elif ((COMP_CWORD > 1)); then option=\${COMP_WORDS[COMP_CWORD-1]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      ${commands.map(({ name }) => name).join(" | ")}) command=\${COMP_WORDS[i]}; break ;;
    esac
  done
  case $command:$option in
${
    commands.flatMap(({ name, options }) =>
      options.filter(({ argument }) => argument === "required").map(({ long, short, place }) =>
        `    ${name}:--${long}${short ? ` | ${name}:-${short}` : ""}) ${offer(place)}; return ;;\n`
      )
    ).join("")
  }  esac
  if [[ $cur == -* ]]; then
    case $command in
${
    commands.map(({ name, options }) =>
      `      ${name}) COMPREPLY=($(compgen -W '${
        options.map(({ long, argument }) => `--${long}${argument === "none" ? "" : "="}`).join(" ")
      }' -- "$cur")) ;;\n`
    ).join("")
  }      *) COMPREPLY=($(compgen -W '${GLOBAL_OPTIONS.map(({ long }) => `--${long}`).join(" ")}' -- "$cur")) ;;
    esac
    [[ \${COMPREPLY-} == *= ]] && compopt -o nospace
    return
  fi
  case $command in
${commands.map(({ name, place }) => `    ${name}) ${offer(place)} ;;\n`).join("")}    *) COMPREPLY=($(compgen -W '${
    commands.map(({ name }) => name).join(" ")
  }' -- "$cur")) ;;
  esac
}
complete -F _cready cready
`;
}

function offer(place: Place): string {
  switch (place.kind) {
    case "words":
      return place.list
        ? `local begun=\${cur%"\${cur##*,}"}; COMPREPLY=($(compgen -P "$begun" -W '${
          place.words.join(" ")
        }' -- "\${cur##*,}"))`
        : `COMPREPLY=($(compgen -W '${place.words.join(" ")}' -- "$cur"))`;
    case "file":
      return 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur")';
    case "folder":
      return 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur")';
    case "pid":
      return 'COMPREPLY=($(cd /proc && compgen -W "$(echo [0-9]*)" -- "$cur"))';
    case "other":
      return ":";
  }
}
