import { type Completed, type CompletedOption, GLOBAL_OPTIONS, type Place } from "./completed.ts";

/** The completions for fish. */
export function fish(commands: readonly Completed[]): string {
  const names = commands.map(({ name }) => name).join(" ");
  const none = `-n ${quoted(`not __fish_seen_subcommand_from ${names}`)}`;
  return [
    "# Completions of cready for fish; made by: cready completion fish",
    "complete -c cready -f",
    ...commands.map(({ name, summary }) => `complete -c cready ${none} -a ${name} -d ${quoted(summary)}`),
    ...GLOBAL_OPTIONS.map(({ long, short, help }) =>
      `complete -c cready ${none} -s ${short} -l ${long} -d ${quoted(help)}`
    ),
    ...commands.flatMap(({ name, options, place }) => {
      const here = `-n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
      return [
        ...options.map((option) => `complete -c cready ${here} ${optionOf(option)}`),
        ...(place.kind === "other" ? [] : [`complete -c cready ${here} ${offer(place)}`]),
      ];
    }),
    "",
  ].join("\n");
}

function optionOf({ long, short, help, argument, place }: CompletedOption): string {
  const names = `${short ? `-s ${short} ` : ""}-l ${long} -d ${quoted(help)}`;
  if (argument !== "required") return names;
  return `${names} -r ${place.kind === "other" ? "-f" : offer(place)}`;
}

function offer(place: Place): string {
  switch (place.kind) {
    case "words":
      return place.list
        ? `-f -a ${quoted(`(__fish_append , ${place.words.join(" ")})`)}`
        : `-f -a ${quoted(place.words.join(" "))}`;
    case "file":
      return "-F";
    case "folder":
      return `-f -a ${quoted("(__fish_complete_directories)")}`;
    case "pid":
      return `-f -a ${quoted("(__fish_complete_pids)")}`;
    case "other":
      return "-f";
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, "\\$&")}'`;
}
