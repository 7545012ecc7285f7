import { SysError } from "../ffi/errno.ts";
import { ProcDir } from "../proc/dir.ts";
import type { Mount } from "../proc/mountinfo.ts";
import type { Statx } from "../proc/statx.ts";
import { argumentsOf } from "./plan.ts";
import { GoneError } from "./gone.ts";
import type { Task } from "./task.ts";
import type { Tree } from "./tree.ts";

/** A mount that criu knows, and through whom it is reached. */
export interface KnownMount {
  readonly mount: Mount;
  readonly space: MountSpace;
}

/** One mount namespace as criu collects it. */
export interface MountSpace {
  /** The first task in it; null for the caller's own, through which everything else is reached. */
  readonly task: Task | null;
  readonly mounts: readonly Mount[];
  readonly inode: number | null;
  /** Files that were found under their names, by these: a program may have one open a thousand times. */
  readonly found: Map<string, Statx>;
}

/** The mounts that criu knows when it dumps a tree: those of the tree's mount namespaces (collect_mnt_namespaces). */
export class MountTable implements Disposable {
  readonly #tree: Tree;
  readonly spaces: MountSpace[] = [];
  readonly #byId = new Map<number, KnownMount>();
  readonly #roots = new Map<MountSpace, ProcDir | null>();
  readonly #covered = new Map<number, boolean>();
  readonly #children = new Map<MountSpace, Map<number, Mount[]>>();

  constructor(tree: Tree) {
    this.#tree = tree;
    const { caller, plan } = tree.around;
    const skipped = new Set(argumentsOf(plan, "skip-mnt"));
    const seen = new Set<number>();
    const own = caller.ns("mnt");
    const add = (task: Task | null, inode: number | null, mounts: readonly Mount[] | null) => {
      const space = {
        task,
        inode,
        found: new Map<string, Statx>(),
        mounts: (mounts ?? []).filter(({ point }) => !skipped.has(point)),
      };
      this.spaces.push(space);
      for (const mount of space.mounts) {
        if (!this.#byId.has(mount.id)) this.#byId.set(mount.id, { mount, space });
      }
    };
    for (const task of tree.living) {
      if (task.kernelThread) continue;
      const inode = task.ns("mnt");
      if (inode === null || seen.has(inode)) continue;
      seen.add(inode);
      if (inode === own) add(null, inode, caller.mountinfo);
      else add(task, inode, task.mountinfo);
    }
    if (!tree.dumps("mnt") && own !== null && !seen.has(own)) add(null, own, caller.mountinfo);
  }

  /** The mount of an id, as in mountinfo. */
  get(id: number | null): KnownMount | undefined {
    return id === null ? undefined : this.#byId.get(id);
  }

  /** All mounts of a device, in the order in which criu tries them. */
  ofDevice(major: number, minor: number): KnownMount[] {
    return this.spaces.flatMap((space) =>
      space.mounts.filter((mount) => mount.major === major && mount.minor === minor).map((mount) => ({ mount, space }))
    );
  }

  /**
   * The folder from which criu looks up paths of a namespace: the root of its first task, or its own where the tree
   * lives in the same. Null where it cannot be opened.
   */
  root(space: MountSpace): ProcDir | null {
    let root = this.#roots.get(space);
    if (root === undefined) {
      const { sys } = this.#tree.around;
      try {
        root = space.task === null || !this.#tree.dumps("mnt") ? ProcDir.open(sys, "/") : space.task.dir.folder("root");
      } catch (error) {
        if (!(error instanceof SysError)) throw error;
        if (error.code === "ESRCH") throw new GoneError(space.task!.pid);
        root = null;
      }
      this.#roots.set(space, root);
    }
    return root;
  }

  /** The root for paths that name no mount: that of the root task's namespace. */
  get mainRoot(): ProcDir | null {
    const space = this.#tree.dumps("mnt")
      ? this.spaces.find(({ task }) => task === this.#tree.root)
      : this.spaces.find(({ task }) => task === null);
    return space ? this.root(space) : null;
  }

  /** Whether another mount hides it (criu's mnt_is_overmounted). */
  covered({ mount, space }: KnownMount): boolean {
    const known = this.#covered.get(mount.id);
    if (known !== undefined) return known;
    this.#covered.set(mount.id, false); // a loop in mountinfo is none of criu's
    const found = this.#isCovered(mount, space);
    this.#covered.set(mount.id, found);
    return found;
  }

  #isCovered(mount: Mount, space: MountSpace): boolean {
    const children = this.#childrenOf(space);
    const passed = new Set<number>();
    for (let at = mount;;) {
      const parent = this.#byId.get(at.parent);
      if (!parent || parent.space !== space || passed.has(at.id)) break;
      passed.add(at.id);
      if (this.#covered.get(parent.mount.id) === true) return true;
      for (const sibling of children.get(parent.mount.id)!) {
        if (sibling.id !== at.id && isBelow(at.point, sibling.point)) return true;
      }
      at = parent.mount;
    }
    return (children.get(mount.id) ?? []).some(({ point }) => point === mount.point);
  }

  #childrenOf(space: MountSpace): ReadonlyMap<number, Mount[]> {
    let children = this.#children.get(space);
    if (!children) {
      children = new Map();
      for (const mount of space.mounts) {
        const list = children.get(mount.parent);
        if (list) list.push(mount);
        else children.set(mount.parent, [mount]);
      }
      this.#children.set(space, children);
    }
    return children;
  }

  [Symbol.dispose](): void {
    for (const root of this.#roots.values()) root?.[Symbol.dispose]();
    this.#roots.clear();
  }
}

/** Whether a path is another one or lies below it. */
function isBelow(path: string, above: string): boolean {
  return path === above || above === "/" || path.startsWith(`${above}/`);
}

const READ = new WeakMap<Tree, MountTable>();

/** The mounts that criu would know; read at the first call, and closed with the tree. */
export function mountTableOf(tree: Tree): MountTable {
  let table = READ.get(tree);
  if (!table) {
    table = new MountTable(tree);
    READ.set(tree, table);
    tree.use(table);
  }
  return table;
}
