import { pageAsked, refAsked } from "../report/process_request.ts";
import { badInput, checked } from "./argument.ts";
import { CATEGORIES } from "./category.ts";
import { registry } from "./features.ts";
import type { Resolvers } from "./resolver.ts";

export const Query: Resolvers<"Query"> = {
  host: (_, _args, { ask }) => ask.host(),
  categories: () => CATEGORIES,
  features: async (_, { category, names }) =>
    (names ? await allNamed(names) : (await registry()).PROBES).filter((one) => !category || one.category === category),
  feature: async (_, { name }) => (await registry()).featureNamed(name) ?? null,
  check: (_, { scope }, { ask }) => ask.check(scope),
  processes: (_, { first, after }, { ask }) => ask.processes(checked(() => pageAsked(first, after))),
  process: (_, { by }, { ask }) => ask.process(checked(() => refAsked(by))),
};

const LONGEST = 100;
/** More than there are; the same one may be named twice. */
const MOST = 100;

async function allNamed(names: readonly string[]) {
  if (names.length > MOST) throw badInput(`Cannot use ${names.length} names: there may be ${MOST}`);
  const { featureNamed } = await registry();
  return names.map((name) => {
    const probe = featureNamed(name);
    if (probe) return probe;
    throw badInput(`Cannot find a feature named ${JSON.stringify(name.slice(0, LONGEST))}`);
  });
}
