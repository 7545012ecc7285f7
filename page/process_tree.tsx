import { useState } from "preact/hooks";
import { ask } from "./api.ts";
import { childrenDocument } from "./documents.ts";
import { More } from "./more.tsx";
import type { Child } from "./process_model.ts";

const MOST = 100;
/** Deeper ones are no more indented: a window of 360 px has no room for a chain of a thousand. */
const DEEPEST = 6;

/** A process and what descends from it, each with its children when it is opened. */
export function ProcessTree({ id, name, first }: { id: string; name: string; first: readonly Child[] }) {
  return (
    <div class="tree">
      <p>
        <a href={`#/process/${id}`} aria-current="true">{name}</a>
      </p>
      {first.length > 0 ? <Children of={first} depth={1} /> : <p class="quiet">It has no children.</p>}
    </div>
  );
}

function Children({ of, depth }: { of: readonly Child[]; depth: number }) {
  return (
    <More of={of} most={MOST}>
      {(shown) => (
        <ul class={depth > DEEPEST ? "flat" : undefined}>
          {shown.map((child) => <Branch key={child.id} child={child} depth={depth} />)}
        </ul>
      )}
    </More>
  );
}

function Branch({ child, depth }: { child: Child; depth: number }) {
  const [open, setOpen] = useState(false);
  const [said, say] = useState("");
  const [children, setChildren] = useState<readonly Child[]>([]);
  const { id, pid, name } = child;
  const toggle = async () => {
    if (open) return setOpen(false);
    say("asking…");
    try {
      const { process } = await ask<{ process: { children: readonly Child[] } | null }>(childrenDocument(id));
      setChildren(process?.children ?? []);
      setOpen(process !== null);
      say(process ? "" : "has ended");
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
  };
  const threads = child.threads > 1 ? ` ${child.threads} threads` : "";
  return (
    <li>
      {child.children.length > 0 && (
        <button
          type="button"
          class="branch"
          aria-expanded={open}
          aria-label={`Children of ${pid} ${name}`}
          onClick={toggle}
        >
          {open ? "−" : "+"}
        </button>
      )}
      <a href={`#/process/${id}`}>{pid} {name}</a>
      <span class="quiet">{threads}</span> <span role="status" class="quiet">{said}</span>
      {open && <Children of={children} depth={depth + 1} />}
    </li>
  );
}
