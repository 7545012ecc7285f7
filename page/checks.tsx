import { useState } from "preact/hooks";
import type { Category, Feature, Finding, Verdict } from "./model.ts";
import type { MachineState } from "./use_machine.ts";
import { VerdictMark } from "./verdict.tsx";
import { CATEGORIES, counted, inScope, VERDICTS } from "./words.ts";

type Group = {
  readonly key: string;
  readonly title: string;
  readonly about: string;
  readonly rows: readonly Feature[];
};

/** The checks by their categories, to search and to filter. */
export function Checks({ state, open }: { state: MachineState; open: string | undefined }) {
  const { machine, findings, run, scope } = state;
  const [text, setText] = useState("");
  const [wanted, setWanted] = useState<ReadonlySet<Verdict>>(new Set());
  if (!machine) return null;
  const verdictOf = ({ id }: Feature) => findings.get(id)?.verdict;
  const found = machine.features.filter((feature) => matches(text, feature, findings.get(feature.id)));
  const shown = found.filter((feature) => {
    const verdict = verdictOf(feature);
    return wanted.size === 0 || (verdict !== undefined && wanted.has(verdict));
  });
  const toggle = (verdict: Verdict) => {
    const next = new Set(wanted);
    if (!next.delete(verdict)) next.add(verdict);
    setWanted(next);
  };
  return (
    <>
      <form class="filters" role="search" aria-label="Checks" onSubmit={(event) => event.preventDefault()}>
        <label class="search">
          Search the checks
          <input
            type="search"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
            placeholder="name, cause, errno, kernel option…"
            spellcheck={false}
          />
        </label>
        <fieldset>
          <legend>Show only</legend>
          {(Object.keys(VERDICTS) as Verdict[]).map((verdict) => (
            <button
              key={verdict}
              type="button"
              class={`filter ${verdict.toLowerCase()}`}
              aria-pressed={wanted.has(verdict)}
              title={VERDICTS[verdict].means}
              onClick={() => toggle(verdict)}
            >
              <span class="count">{found.filter((one) => verdictOf(one) === verdict).length}</span>{" "}
              <VerdictMark verdict={verdict} />
            </button>
          ))}
        </fieldset>
        <p class="quiet" role="status">
          {shown.length === machine.features.length
            ? counted(shown.length, "check")
            : `${shown.length} of ${counted(machine.features.length, "check")} shown`}
        </p>
      </form>
      {groupsOf(machine.categories, shown).map(({ key, title, about, rows }) => (
        <section key={key} class="category" aria-labelledby={`category-${key}`}>
          <h2 id={`category-${key}`}>
            {title} <span class="quiet">{rows.length}</span>
          </h2>
          <p class="quiet">{about}</p>
          <ul>
            {rows.map((feature) => {
              const { id, title } = feature, finding = findings.get(id);
              const waits = run !== null && inScope(feature, scope) && !run.answered.has(id);
              return (
                <li key={id} class={waits ? "waits" : undefined}>
                  <a href={`#/check/${id}`} id={`row-${id}`} aria-current={id === open ? "true" : undefined}>
                    <VerdictMark verdict={finding?.verdict} asking={waits} />{" "}
                    <span class="what">
                      <b>{id}</b> <span class="quiet">{title}</span>
                      {finding?.reason && <span class="reason">{finding.remedies[0]?.why ?? finding.reason}</span>}
                    </span>
                  </a>
                </li>
              );
            })}
          </ul>
        </section>
      ))}
      {shown.length === 0 && (
        <p class="nothing">
          No check is like that.{" "}
          <button
            type="button"
            class="small"
            onClick={() => {
              setText("");
              setWanted(new Set());
            }}
          >
            Show all
          </button>
        </p>
      )}
    </>
  );
}

function groupsOf(categories: readonly Category[], features: readonly Feature[]): Group[] {
  const groups: Group[] = categories.map(({ name, number, description }) => ({
    key: name,
    title: `${number} ${CATEGORIES[name]}`,
    about: description,
    rows: features.filter(({ category }) => category?.name === name),
  }));
  groups.push({
    key: "named",
    title: "By name only",
    about: "No category of criu check asks them, only --feature. They are asked when you open them.",
    rows: features.filter(({ category }) => category === null),
  });
  return groups.filter(({ rows }) => rows.length > 0);
}

/** Whether all words are somewhere in what is known of a check. */
function matches(text: string, feature: Feature, finding: Finding | undefined): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const { id, criuName, title, impact } = feature;
  const all = [
    id,
    criuName,
    title,
    impact,
    finding && VERDICTS[finding.verdict].word,
    finding?.reason,
    ...(finding?.evidence ?? []).flatMap(({ call, answer, errno }) => [call, answer, errno]),
    ...(finding?.remedies ?? []).flatMap(({ why, text, command }) => [why, text, command]),
  ].join("\n").toLowerCase();
  return words.every((word) => all.includes(word));
}
