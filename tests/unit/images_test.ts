import assert from "node:assert/strict";
import fc from "fast-check";
import { create, toBinary } from "@bufbuild/protobuf";
import { buildId, dynamicSymbols } from "../../host/elf.ts";
import { parseAuxv } from "../../host/auxv.ts";
import { readCpuinfo } from "../../images/cpuinfo.ts";
import type { Dump } from "../../images/dump.ts";
import { ImageError } from "../../images/error.ts";
import { dumpFacts } from "../../images/facts.ts";
import { type ImageKind, imageOf, kindOf, MAGIC } from "../../images/format.ts";
import { originOf } from "../../images/origin.ts";
import { Tar, type TarEntry } from "../../images/tar.ts";
import {
  CoreEntrySchema,
  InventorySchema,
  Machine,
  PstreeEntrySchema,
  TaskCoreSchema,
  TaskIdsSchema,
} from "../../proto/gen/images_pb.ts";

/** A dump that holds these files. */
function dumpOf(files: Readonly<Record<string, Uint8Array>>, documents: Readonly<Record<string, string>> = {}): Dump {
  return {
    name: "dump",
    isFolder: true,
    names: Object.keys(files),
    read: (name) => files[name],
    documents: new Map(Object.entries(documents).map(([name, text]) => [name, new TextEncoder().encode(text)])),
  };
}

const IDS = create(TaskIdsSchema, { vmId: 1, filesId: 1, fsId: 1, sighandId: 1 });
const inventory = (imgVersion = 2) => {
  const image = imageOf("inventory", toBinary(InventorySchema, create(InventorySchema, { imgVersion, rootIds: IDS })));
  return image.slice(4); // the inventory has no common magic
};
const pstree = imageOf(
  "pstree",
  toBinary(PstreeEntrySchema, create(PstreeEntrySchema, { pid: 7, ppid: 0, pgid: 7, sid: 7, threads: [7] })),
);
const core = imageOf(
  "core",
  toBinary(
    CoreEntrySchema,
    create(CoreEntrySchema, { mtype: Machine.X86_64, tc: create(TaskCoreSchema, { taskState: 1, comm: "x" }) }),
  ),
);
const SMALL = { "inventory.img": inventory(), "pstree.img": pstree, "core-7.img": core };

Deno.test("the smallest dump says what is missing of it", () => {
  const facts = dumpFacts(dumpOf(SMALL));
  assert.equal(facts.machine, Machine.X86_64);
  assert.deepEqual(facts.tasks.map(({ pid, name, alive }) => [pid, name, alive]), [[7, "x", true]]);
  assert.deepEqual(facts.missing, ["mm-7.img", "pagemap-7.img", "fs-7.img", "ids-7.img", "files.img"]);
});

Deno.test("kinds are told by name", () => {
  const rows: [string, ImageKind | undefined][] = [
    ["core-12.img", "core"],
    ["files.img", "files"],
    ["pages-1.img", undefined],
    ["toString.img", undefined],
    ["tmpfs-1.tar.gz.img", undefined],
    ["core-12", undefined],
  ];
  for (const [name, kind] of rows) assert.equal(kindOf(name), kind, name);
});

const with32 = (image: Uint8Array, at: number, value: number) => {
  const copy = image.slice();
  new DataView(copy.buffer).setUint32(at, value, true);
  return copy;
};
const BAD: readonly (readonly [what: string, files: Readonly<Record<string, Uint8Array>>, sentence: RegExp])[] = [
  ["no inventory", {}, /has no inventory\.img/],
  [
    "an inventory of another magic",
    { "inventory.img": core },
    /inventory\.img is no image of that name: its magic number is 0x54564319/,
  ],
  ["an empty inventory", { "inventory.img": new Uint8Array() }, /inventory\.img is cut off: it ends after 0 bytes/],
  ["a later image version", { ...SMALL, "inventory.img": inventory(9) }, /images of version 9/],
  ["a pre-dump", { "inventory.img": inventory() }, /has no pstree\.img: a pre-dump/],
  ["no process", { ...SMALL, "pstree.img": pstree.slice(0, 8) }, /no process in it/],
  ["another image in its place", { ...SMALL, "core-7.img": pstree }, /core-7\.img is no image of that name/],
  ["a cut message", { ...SMALL, "core-7.img": core.slice(0, -2) }, /core-7\.img is cut off: a message of/],
  ["a cut size", { ...SMALL, "core-7.img": core.slice(0, 10) }, /core-7\.img is cut off: it ends after 10 bytes/],
  ["an enormous size", { ...SMALL, "core-7.img": with32(core, 8, 0xfffffff0) }, /a message of 4294967280 bytes/],
  [
    "a truncated protobuf",
    { ...SMALL, "core-7.img": imageOf("core", core.slice(12, -1)) },
    /core-7\.img is broken: its protobuf cannot be decoded/,
  ],
  [
    "a missing field",
    { ...SMALL, "core-7.img": imageOf("core", new Uint8Array()) },
    /field CoreEntry\.mtype is missing/,
  ],
  ["nothing in it", { ...SMALL, "core-7.img": core.slice(0, 8) }, /core-7\.img is empty/],
];
for (const [what, files, sentence] of BAD) {
  Deno.test(`a dump with ${what} is refused in one sentence`, () => {
    assert.throws(() => dumpFacts(dumpOf(files)), (error) => {
      assert(error instanceof ImageError, String(error));
      assert.match(error.message, sentence);
      return true;
    });
  });
}

/** Whatever a reader is given, it reads it or throws an ImageError. */
function readsOrRefuses(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    assert(error instanceof ImageError, error instanceof Error ? error.stack : String(error));
  }
}

/** Bytes that begin as an image of that kind does: nothing at all, or one message. */
const imageBytes = (kind: ImageKind) =>
  fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.uint8Array({ maxLength: 64 }).map((bytes) => imageOf(kind, bytes)),
    fc.uint8Array({ maxLength: 64 }).map((bytes) =>
      new Uint8Array([...imageOf(kind, new Uint8Array()).slice(0, 8), ...bytes])
    ),
  );

Deno.test("any bytes in any image are read or refused", () => {
  const names: Record<string, ImageKind> = {
    "core-7.img": "core",
    "ids-7.img": "ids",
    "mm-7.img": "mm",
    "files.img": "files",
    "reg-files.img": "reg-files",
    "inetsk.img": "inetsk",
    "unixsk.img": "unixsk",
    "tty-info.img": "tty-info",
    "remap-fpath.img": "remap-fpath",
    "memfd.img": "memfd",
    "mountpoints-1.img": "mountpoints",
    "netns-1.img": "netns",
    "netdev-1.img": "netdev",
    "pidns-1.img": "pidns",
    "cgroup.img": "cgroup",
    "cpuinfo.img": "cpuinfo",
    "pstree.img": "pstree",
  };
  for (const [name, kind] of Object.entries(names)) {
    fc.assert(
      fc.property(imageBytes(kind), (bytes) => readsOrRefuses(() => dumpFacts(dumpOf({ ...SMALL, [name]: bytes })))),
      {
        numRuns: 60,
      },
    );
  }
  fc.assert(
    fc.property(
      imageBytes("inventory"),
      (bytes) => readsOrRefuses(() => dumpFacts(dumpOf({ ...SMALL, "inventory.img": bytes.slice(4) }))),
    ),
  );
  fc.assert(fc.property(imageBytes("cpuinfo"), (bytes) => readsOrRefuses(() => readCpuinfo("cpuinfo.img", bytes))));
});

Deno.test("an image with one bit turned is read or refused", () => {
  const image = Deno.readFileSync(new URL("../testdata/cpuinfo/Haswell.img", import.meta.url));
  fc.assert(fc.property(fc.nat(image.length * 8 - 1), (bit) => {
    const copy = image.slice();
    copy[bit >> 3]! ^= 1 << (bit & 7);
    readsOrRefuses(() => readCpuinfo("cpuinfo.img", copy));
  }));
});

Deno.test("any bytes in the place of an ELF file or an auxiliary vector are read or passed over", () => {
  const elf = new Uint8Array(64);
  elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, begins) => {
    const file = begins ? new Uint8Array([...elf.slice(0, 16), ...bytes, ...new Uint8Array(64)]) : bytes;
    dynamicSymbols(file);
    buildId(file);
    parseAuxv(bytes);
  }));
});

// ---- tar

/** One header with its checksum, and the content behind it. */
function entry(
  name: string,
  content: Uint8Array | string = "",
  fields: { type?: string; size?: string; prefix?: string } = {},
): Uint8Array {
  const body = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const bytes = new Uint8Array(512 + Math.ceil(body.length / 512) * 512);
  const put = (at: number, text: string) => bytes.set(new TextEncoder().encode(text), at);
  put(0, name);
  put(124, fields.size ?? body.length.toString(8).padStart(11, "0"));
  put(156, fields.type ?? "0");
  put(257, "ustar\0");
  put(345, fields.prefix ?? "");
  put(148, " ".repeat(8));
  put(148, bytes.subarray(0, 512).reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, "0") + "\0");
  bytes.set(body, 512);
  return bytes;
}

const END = new Uint8Array(1024);
const joined = (...parts: readonly Uint8Array[]) => new Uint8Array(parts.flatMap((part) => [...part]));

/** Every entry of an archive with its content, pushed in pieces of `step` bytes. */
function untar(archive: Uint8Array, step = 512): (TarEntry & { text: string })[] {
  const found: { entry: TarEntry; parts: Uint8Array[] }[] = [];
  const tar = new Tar("a.tar", (entry) => {
    const parts: Uint8Array[] = [];
    found.push({ entry, parts });
    return (part) => void parts.push(part.slice());
  });
  for (let at = 0; at < archive.length; at += step) tar.push(archive.subarray(at, at + step));
  tar.end();
  return found.map(({ entry, parts }) => ({ ...entry, text: new TextDecoder().decode(joined(...parts)) }));
}

const pax = (key: string, value: string) => {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return `${length}${rest}`;
};

Deno.test("an archive is read in pieces of any size, with all its ways to write a name", () => {
  const long = "d/".repeat(60) + "file";
  const archive = joined(
    entry("./checkpoint/", "", { type: "5" }),
    entry("checkpoint/core-1.img", "c".repeat(1000)),
    entry("x", pax("path", long) + pax("mtime", "1"), { type: "x" }),
    entry("short", "by pax"),
    entry("././@LongLink", `${long}\0`, { type: "L" }),
    entry("short", "by gnu"),
    entry("file", "by prefix", { prefix: "some/folder" }),
    entry("link", "", { type: "2", size: "00000000777" }),
    entry("g", pax("comment", "x"), { type: "g" }),
    entry("empty"),
    END,
    new Uint8Array(700).fill(7),
  );
  for (const step of [1, 511, 512, 513, 100_000]) {
    const entries = untar(archive, step);
    assert.deepEqual(entries.map(({ name, kind, text }) => [name, kind, text]), [
      ["checkpoint", "folder", ""],
      ["checkpoint/core-1.img", "file", "c".repeat(1000)],
      [long, "file", "by pax"],
      [long, "file", "by gnu"],
      ["some/folder/file", "file", "by prefix"],
      ["link", "link", ""],
      ["empty", "file", ""],
    ]);
  }
});

const BAD_ARCHIVES: readonly (readonly [what: string, archive: Uint8Array, sentence: RegExp])[] = [
  ["nothing", new Uint8Array(), /is no tar archive$/],
  ["zeros", new Uint8Array(2048), /begins with zeros/],
  ["text", new TextEncoder().encode("hello ".repeat(200)), /checksum of a header is wrong/],
  ["a short file", new Uint8Array([1, 2, 3]), /is no tar archive$/],
  ["half an entry", entry("x", "y".repeat(600)).slice(0, 800), /is cut off$/],
  ["an entry and no end", entry("x", "y"), /is cut off$/],
  ["half a header", joined(entry("x", "y"), entry("z").slice(0, 100)), /is cut off$/],
  ["a name with ..", entry("checkpoint/../../etc/passwd", "x"), /leads out of it, checkpoint\/\.\.\/\.\.\/etc\/passwd/],
  ["an absolute name", entry("/etc/passwd", "x"), /leads out of it/],
  [
    "a name with .. by pax",
    joined(entry("x", pax("path", "../x"), { type: "x" }), entry("y")),
    /leads out of it, \.\.\/x/,
  ],
  ["a size that is none", entry("x", "", { size: "99999999999" }), /an entry has no size/],
  ["a header of a gigabyte", entry("x", "", { type: "x", size: "10000000000" }), /a header of 1073741824 bytes/],
];
for (const [what, archive, sentence] of BAD_ARCHIVES) {
  Deno.test(`an archive of ${what} is refused in one sentence`, () => {
    assert.throws(() => untar(archive), (error) => error instanceof ImageError && sentence.test(error.message));
  });
}

Deno.test("any bytes behind a good entry are read or refused", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 1200 }), fc.integer({ min: 1, max: 700 }), (bytes, step) => {
    readsOrRefuses(() => untar(joined(entry("x", "y"), bytes), step));
    readsOrRefuses(() => untar(bytes, step));
  }));
});

Deno.test("where a container checkpoint comes from is read from what podman and CRI-O write", () => {
  const dump = dumpOf(SMALL, {
    "config.dump": JSON.stringify({
      id: "f00",
      name: "web",
      rootfsImageName: "nginx:1",
      ociRuntime: "runc",
      checkpointedTime: "2026-01-01T00:00:00Z",
      extra: {},
    }),
    "spec.dump": JSON.stringify({
      process: { env: ["SECRET=1"] },
      annotations: { "org.criu.checkpoint.criu.version": "40200", "org.criu.checkpoint.host.kernel": "6.1.0" },
    }),
  });
  const origin = originOf(dump);
  assert.deepEqual(origin, {
    runtime: "runc",
    image: "nginx:1",
    container: "web",
    checkpointedAt: "2026-01-01T00:00:00Z",
    criuVersion: "40200",
    kernel: "6.1.0",
    architecture: null,
  });
  assert.equal(originOf(dumpOf(SMALL)), null);
  assert.throws(() => originOf(dumpOf(SMALL, { "config.dump": "{" })), ImageError);
  fc.assert(fc.property(fc.json(), (text) => void originOf(dumpOf(SMALL, { "config.dump": text, "spec.dump": text }))));
});

Deno.test("each magic number is of one kind", () => {
  assert.equal(new Set(Object.values(MAGIC)).size, Object.keys(MAGIC).length);
});
