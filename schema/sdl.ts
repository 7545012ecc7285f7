/** The files that make up the schema, in the order in which `cready schema` shall print them. */
export const SDL_FILES: readonly string[] = ["query", "subscription", "host", "feature", "report", "process"];
