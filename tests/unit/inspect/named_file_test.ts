import assert from "node:assert/strict";
import type { Statx } from "../../../proc/statx.ts";
import { ProcDir } from "../../../proc/dir.ts";
import { nameFaults, withoutDeleted } from "../../../inspect/named_file.ts";
import type { Tree } from "../../../inspect/tree.ts";
import { type Facts, fakeTree } from "./fake_tree.ts";

/** A private folder, and what criu would say of a file in it. */
async function inFolder(use: (folder: string, judge: Judge) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "cready-named-" });
  try {
    await use(folder, (link, of, facts = {}) => {
      // Of a type that has no rules of its own, whatever the machine has.
      const known = [folder, "/dev/null"].map((path) => stat(path).mount!);
      const mountinfo = known.map((id, i) => `${id} 1 8:1 / ${i === 0 ? "/" : "/dev"} rw - ext4 /dev/x rw\n`).join("");
      using tree = fakeTree({ mountinfo, ...facts });
      const whole = typeof of === "string" ? statOf(tree, of) : of;
      return nameFaults(tree, { fd: 5, link, stat: whole, mount: whole.mount });
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

type Judge = (link: string, stat: string | Statx, facts?: Facts) => ReturnType<typeof nameFaults>;

function statOf(tree: Tree, path: string): Statx {
  using root = ProcDir.open(tree.around.sys, "/");
  return root.statx(`.${path}`, true);
}

function stat(path: string, change: Partial<Statx> = {}): Statx {
  using tree = fakeTree();
  return { ...statOf(tree, path), ...change };
}

Deno.test("withoutDeleted takes the kernel's mark away, once", () => {
  assert.equal(withoutDeleted("/a (deleted)"), "/a");
  assert.equal(withoutDeleted("/a (deleted) (deleted)"), "/a (deleted)");
  assert.equal(withoutDeleted("/a"), "/a");
});

Deno.test("a file under its name has no fault, whatever the name is", () =>
  inFolder((folder, judge) => {
    for (const name of ["plain", "with (deleted)", "new\nline", "a b"]) {
      Deno.writeTextFileSync(`${folder}/${name}`, "x");
      assert.deepEqual(judge(`${folder}/${name}`, `${folder}/${name}`), []);
    }
  }));

Deno.test("a deleted file goes into the images up to the limit", () =>
  inFolder((folder, judge) => {
    Deno.writeTextFileSync(`${folder}/f`, "x");
    const link = `${folder}/f (deleted)`;
    const gone = (blocks: number) => stat(`${folder}/f`, { nlink: 0, blocks });
    assert.deepEqual(judge(link, gone(2048)), []);
    const [fault, ...more] = judge(link, gone(2049));
    assert.deepEqual(more, []);
    assert.equal(fault?.rule, "file-deleted-ghost-big");
    assert.deepEqual(fault?.values, [`${folder}/f`, 2049 * 512]);
    assert.equal(fault?.options?.[0], `--ghost-limit ${2 << 20}`);
    assert.deepEqual(judge(link, gone(4096), { options: ["--ghost-limit 2M"] }), []);
    assert.equal(judge(link, gone(4097), { options: ["--ghost-limit 2M"] }).length, 1);
    assert.deepEqual(judge(link, gone(4097), { options: ["--ghost-limit 1G"] }), []);
  }));

Deno.test("a deleted file with another name needs a link", () =>
  inFolder((folder, judge) => {
    Deno.writeTextFileSync(`${folder}/other`, "x");
    const link = `${folder}/gone (deleted)`;
    const [fault] = judge(link, `${folder}/other`);
    assert.equal(fault?.rule, "file-deleted-linked");
    assert.deepEqual(fault?.values, [`${folder}/gone`]);
    assert.equal(fault?.options?.[0], "--link-remap");
    assert.deepEqual(judge(link, `${folder}/other`, { options: ["--link-remap"] }), []);
    // The folder it lay in may be gone, too.
    assert.equal(judge(`${folder}/no/such/gone (deleted)`, `${folder}/other`)[0]?.rule, "file-deleted-linked");
  }));

Deno.test("no link is made where the kernel would refuse it", () =>
  inFolder((folder, judge) => {
    Deno.writeTextFileSync(`${folder}/other`, "x");
    const link = `${folder}/gone (deleted)`;
    const mount = stat(`${folder}/other`).mount!;
    const other = judge(link, stat(`${folder}/other`, { mount: mount + 1 }), {
      mountinfo: two(folder, mount, mount + 1),
    });
    assert.equal(other[0]?.rule, "file-deleted-linked");
    assert.equal(other[0]?.options?.length, 1);
    assert.match(other[0]!.options![0]!, /^--external file\[[0-9a-f]+:[0-9a-f]+\]$/);
    const given = judge(link, stat(`${folder}/other`), {
      mountinfo: two(folder, mount, mount + 1, "ro"),
      options: ["--link-remap"],
    });
    assert.equal(given[0]?.rule, "file-link-remap-fails");
    assert.equal(given[0]?.errnoText, "Read-only file system");
  }));

/** A mountinfo in which both ids are known and neither covers the other. */
function two(folder: string, one: number, other: number, mode = "rw"): string {
  const line = (id: number, parent: number, point: string) =>
    `${id} ${parent} 8:1 / ${point} ${mode} - ext4 /dev/x ${mode}\n`;
  return line(one, 1, "/") + line(other, one, `${folder}-elsewhere`);
}

Deno.test("another file at the name is refused, another node of a device is not", () =>
  inFolder((folder, judge) => {
    Deno.writeTextFileSync(`${folder}/one`, "x");
    Deno.writeTextFileSync(`${folder}/two`, "x");
    const [fault] = judge(`${folder}/one`, `${folder}/two`);
    assert.equal(fault?.rule, "file-replaced");
    const [, ino, , wanted] = fault!.values!;
    assert.deepEqual(
      [ino, wanted].map(Number),
      [`${folder}/one`, `${folder}/two`].map((path) => Deno.statSync(path).ino),
    );
    const device = stat("/dev/null", { ino: 99999999n });
    const [evasive] = judge("/dev/null", device);
    assert.equal(evasive?.rule, "file-device-evasive");
    assert.equal(evasive?.options?.[0], "--evasive-devices");
    assert.deepEqual(judge("/dev/null", device, { options: ["--evasive-devices"] }), []);
    assert.equal(judge("/dev/null", { ...device, rdevMinor: 5 })[0]?.rule, "file-replaced");
  }));

Deno.test("a mount that is not known, or is covered, needs the file to be named as external", () =>
  inFolder((folder, judge) => {
    Deno.writeTextFileSync(`${folder}/f`, "x");
    const far = stat(`${folder}/f`, { mount: 0x7777777, ino: 0xabcn });
    const [fault] = judge(`${folder}/f`, far);
    assert.equal(fault?.rule, "file-mount-unknown");
    assert.deepEqual(fault?.values, [0x7777777, 5, `${folder}/f`]);
    assert.deepEqual(fault?.options, ["--external file[7777777:abc]"]);
    assert.deepEqual(judge(`${folder}/f`, far, { options: ["--external file[7777777:abc]"] }), []);
    const mount = stat(`${folder}/f`).mount!;
    const covered = `${mount} 1 8:1 / / rw - ext4 /dev/x rw\n${mount + 1} ${mount} 8:1 / / rw - ext4 /dev/x rw\n`;
    assert.equal(judge(`${folder}/f`, `${folder}/f`, { mountinfo: covered })[0]?.rule, "file-overmounted");
  }));

Deno.test("files of /proc and terminals are not looked up", () =>
  inFolder((folder, judge) => {
    Deno.writeTextFileSync(`${folder}/f`, "x");
    const mount = stat(`${folder}/f`).mount!;
    for (const type of ["proc", "devpts"]) {
      const mountinfo = `${mount} 1 0:5 / / rw - ${type} ${type} rw\n`;
      assert.deepEqual(judge("/no/such", stat(`${folder}/f`, { nlink: 0, blocks: 1 << 30 }), { mountinfo }), []);
    }
  }));

Deno.test("what NFS keeps under a name of its own needs a link, and a lower layer's file cannot have one", () =>
  inFolder((folder, judge) => {
    const silly = `${folder}/.nfs0123456789abcdef01234567`;
    Deno.writeTextFileSync(silly, "x");
    const mount = stat(silly).mount!;
    const on = (type: string) => ({ mountinfo: `${mount} 1 8:1 / / rw - ${type} x rw\n` });
    assert.equal(judge(silly, silly, on("nfs4"))[0]?.rule, "file-nfs-silly");
    assert.deepEqual(judge(silly, silly, on("ext4")), []);
    const [fault] = judge(`${folder}/low (deleted)`, silly, on("overlay"));
    assert.equal(fault?.rule, "file-deleted-overlay");
    assert.equal(fault?.options?.length, 1);
  }));

Deno.test("a name in whose way something else lies cannot be looked up", () =>
  inFolder((folder, judge) => {
    Deno.writeTextFileSync(`${folder}/f`, "x");
    const [fault] = judge(`${folder}/f/below`, `${folder}/f`);
    assert.equal(fault?.rule, "file-replaced");
    assert.equal(fault?.message, "Can't stat path");
    assert.equal(fault?.errnoText, "Not a directory");
  }));
