import type { Host } from "./model.ts";
import { rightsOf } from "./words.ts";

/** The machine, and with which rights it is asked. */
export function HostView({ host }: { host: Host }) {
  const { capabilities } = host.privilege;
  return (
    <dl class="host">
      <div>
        <dt>Kernel</dt>
        <dd>{host.kernel} {host.architecture}</dd>
      </div>
      <div>
        <dt>Asked as</dt>
        <dd>
          {rightsOf(host)}
          {capabilities.length > 0 && (
            <details>
              <summary>Capabilities</summary>
              <p>{capabilities.join(" ")}</p>
            </details>
          )}
        </dd>
      </div>
    </dl>
  );
}
