import { ruleNamed } from "../rules/registry.ts";
import type { Obstacle } from "./obstacle.ts";
import type { DumpPlan, GivenCriuOption } from "./plan.ts";

/** One option of the set that lets the dump go on. */
export interface DumpOption {
  /** As it is written on the command line. */
  readonly text: string;
  /** What it costs at restore; empty where it costs nothing. */
  readonly effect: string;
  /** Others that would do for all of its obstacles. */
  readonly instead: readonly string[];
  readonly obstacles: readonly Obstacle[];
}

/**
 * Chooses the options that keep most state, as few of them as possible. `left` are the obstacles that still matter:
 * all but those that an option lifts which is given already.
 */
export function chooseOptions(
  obstacles: readonly Obstacle[],
  plan: DumpPlan,
): { readonly options: readonly DumpOption[]; readonly left: readonly Obstacle[] } {
  const left = obstacles.filter((one) =>
    one.effect !== "NEEDS_OPTION" || !one.options.some((text) => isGiven(text, plan))
  );
  const open = left.filter((one) => one.stage === "DUMP" && one.effect === "NEEDS_OPTION");
  const chosen = new Map<string, Obstacle[]>();
  // First those that leave no choice: what they need may do for the others.
  for (const one of open.filter(({ options }) => options.length === 1)) take(chosen, one.options[0]!, one);
  for (const one of open.filter(({ options }) => options.length > 1)) {
    take(chosen, one.options.find((text) => chosen.has(keyOf(text))) ?? one.options[0]!, one);
  }
  const options = [...chosen].map(([key, lifted]) => optionOf(key, lifted));
  const first = (option: DumpOption) => left.indexOf(option.obstacles[0]!);
  return { options: options.sort((a, b) => first(a) - first(b)), left };
}

function take(chosen: Map<string, Obstacle[]>, text: string, obstacle: Obstacle): void {
  const key = keyOf(text);
  const lifted = chosen.get(key);
  if (lifted) lifted.push(obstacle);
  else chosen.set(key, [obstacle]);
}

/** Options of which the largest argument serves all: their key is without it. */
const LARGEST = ["--ghost-limit"];

function keyOf(text: string): string {
  const name = text.split(" ", 1)[0]!;
  return LARGEST.includes(name) ? name : text;
}

function optionOf(key: string, obstacles: readonly Obstacle[]): DumpOption {
  const texts = obstacles.map((one) => one.options.find((text) => keyOf(text) === key)!);
  const size = (text: string) => Number(text.slice(key.length));
  const text = LARGEST.includes(key) ? texts.reduce((a, b) => (size(b) > size(a) ? b : a)) : key;
  const costs = new Set(obstacles.map(({ rule }) => ruleNamed(rule).cost).filter((cost) => cost !== null));
  const instead = obstacles[0]!.options.filter((other) =>
    keyOf(other) !== key && obstacles.every(({ options }) => options.includes(other))
  );
  return { text, effect: [...costs].join("; "), instead, obstacles };
}

/** Whether an option is among those of the plan. */
export function isGiven(text: string, plan: DumpPlan): boolean {
  const wanted = parseOption(text);
  return plan.options.some(({ name, value }) => {
    if (name !== wanted.name) return false;
    if (LARGEST.includes(`--${name}`)) return Number(value) >= Number(wanted.value);
    return wanted.value === null || value === wanted.value;
  });
}

/** Takes an option apart as criu's command line has it: `--name`, `--name value`, `--name=value`. */
export function parseOption(text: string): Omit<GivenCriuOption, "from"> {
  const found = /^--([a-z0-9-]+)(?:[ =](.*))?$/s.exec(text);
  if (!found) throw new RangeError(`Cannot take ${text} for an option`);
  return { name: found[1]!, value: found[2] ?? null };
}
