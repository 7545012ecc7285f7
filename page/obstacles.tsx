import { More } from "./more.tsx";
import type { Obstacle, Stage } from "./process_model.ts";
import { EFFECTS } from "./process_words.ts";

const MOST = 50;

/** The obstacles of a stage, in criu's order of work. */
export function Obstacles({ title, stage, of }: { title: string; stage: Stage; of: readonly Obstacle[] }) {
  const here = of.filter((one) => one.stage === stage);
  if (here.length === 0) return null;
  return (
    <>
      <h3>
        {title} <span class="quiet">{here.length}</span>
      </h3>
      <More of={here} most={MOST}>
        {(shown) => <ol class="obstacles">{shown.map((one, at) => <Row key={at} obstacle={one} />)}</ol>}
      </More>
    </>
  );
}

function Row({ obstacle }: { obstacle: Obstacle }) {
  const { rule, effect, process, subject, reason, message, options, features, remedy } = obstacle;
  return (
    <li>
      <p>
        <code>{process.pid} {subject}</code> <span class="quiet">{process.name}</span>{" "}
        <span class="tag">{EFFECTS[effect]}</span>
      </p>
      <p>{reason}</p>
      {remedy && (
        <p>
          <b>Remedy:</b> {remedy}
        </p>
      )}
      {options.length > 0 && (
        <p>
          <b>Option:</b> {options.map((one, at) => (
            <>
              {at > 0 && " or "}
              <code>{one}</code>
            </>
          ))}
        </p>
      )}
      {features.length > 0 && (
        <p>
          <b>Missing:</b> {features.map(({ id }, at) => (
            <>
              {at > 0 && ", "}
              <a href={`#/check/${id}`}>{id}</a>
            </>
          ))}
        </p>
      )}
      {message && (
        <p>
          <b>criu prints:</b> <code>{message}</code>
        </p>
      )}
      <p class="quiet">
        rule <code>{rule}</code>
      </p>
    </li>
  );
}
