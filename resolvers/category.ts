import { CATEGORY_NUMBERS } from "../report/table.ts";
import type { CategoryName } from "../probes/probe.ts";
import { registry } from "./features.ts";
import type { Resolvers } from "./resolver.ts";

const DESCRIPTIONS: Readonly<Record<CategoryName, string>> = {
  REQUIRED: "No dump works without it.",
  EXTRA: "Some process trees need it.",
  EXPERIMENTAL: "For what CRIU calls experimental.",
  OPTIONAL: "Told, never counted.",
};

/** CRIU's categories, most important first. */
export const CATEGORIES = (["REQUIRED", "EXTRA", "EXPERIMENTAL", "OPTIONAL"] as const).map((name) => ({ name }));

export const Category: Resolvers<"Category"> = {
  number: ({ name }) => CATEGORY_NUMBERS[name],
  description: ({ name }) => DESCRIPTIONS[name],
  features: async ({ name }) => (await registry()).PROBES.filter(({ category }) => category === name),
};
