/** `--engine`: what a container engine gives criu, and where its config files lie. */
import assert from "node:assert/strict";
import { cready } from "../cli/binary.ts";
import { Target } from "./target.ts";

/** A folder in which a runtime keeps a container of this process, as runc or crun would write it. */
async function engineRoot(pid: number, runtime: "runc" | "crun", config?: string): Promise<string> {
  const root = await Deno.makeTempDir({ prefix: "cready-engine-" });
  const file = `${root}/criu.conf`;
  if (config !== undefined) await Deno.writeTextFile(file, config);
  await Deno.mkdir(`${root}/state/box`, { recursive: true });
  const annotation = config === undefined ? "" : file;
  if (runtime === "runc") {
    const state = {
      id: "box",
      init_process_pid: pid,
      config: {
        rootfs: "/",
        mounts: [{ destination: "/etc/hosts", device: "bind" }, { destination: "/proc", device: "proc" }],
        mask_paths: ["/proc/kcore", "/no/such/file"],
        namespaces: [{ type: "NEWNET", path: `/proc/${pid}/ns/net` }, { type: "NEWNS", path: "" }],
        labels: ["bundle=/b", `org.criu.config=${annotation}`],
      },
    };
    await Deno.writeTextFile(`${root}/state/box/state.json`, JSON.stringify(state));
  } else {
    const oci = {
      mounts: [{ destination: "/etc/hosts", type: "bind", options: ["rbind"] }],
      linux: { namespaces: [{ type: "network", path: `/proc/${pid}/ns/net` }], maskedPaths: [] },
      annotations: { "org.criu.config": annotation },
    };
    await Deno.writeTextFile(`${root}/state/box/status`, JSON.stringify({ pid, bundle: "/b", rootfs: "r" }));
    await Deno.writeTextFile(`${root}/state/box/config.json`, JSON.stringify(oci));
  }
  return root;
}

for (const runtime of ["runc", "crun"] as const) {
  Deno.test(`${runtime} is asked for by its own command, with the flags that it has`, async () => {
    await using target = await Target.start("hostile");
    const root = await engineRoot(target.pid, runtime);
    try {
      const words = ["inspect", "--engine", runtime, "--engine-root", `${root}/state`, `${target.pid}`];
      const { code, stdout } = await cready(words);
      assert.equal(code, 3);
      assert.match(stdout, new RegExp(`${runtime} container box`));
      // crun has no such flag, nor has a runc before 1.3.
      assert(stdout.includes(`${runtime} cannot be given it: put link-remap into `), stdout);
      assert.match(stdout, /Not obstacles +\d+ mounts? and 1 namespace \(\w+ declares them external\)/);
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  });
}

Deno.test("containerd gives no options: the file into which they go is named, and in it they count", async () => {
  await using target = await Target.start("hostile");
  const root = await engineRoot(target.pid, "runc", "# nothing yet\n");
  try {
    const words = ["inspect", "--engine", "containerd", "--engine-root", `${root}/state`, `${target.pid}`];
    const before = await cready(words);
    assert.equal(before.code, 1);
    assert.match(before.stdout, /^Checkpoint by the kubelet will be refused$/m);
    assert(
      before.stdout.includes(`containerd cannot be given it: put link-remap into ${root}/criu.conf`),
      before.stdout,
    );
    assert.match(before.stdout, /criu will print: Can't create link remap for/);
    await Deno.writeTextFile(`${root}/criu.conf`, "link-remap # as needed\n");
    const after = await cready(words);
    assert.equal(after.code, 0, after.stdout);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("a process of no container is none of an engine's", async () => {
  await using target = await Target.start("plain");
  const root = await Deno.makeTempDir();
  try {
    const { code, stderr } = await cready(["inspect", "--engine", "podman", "--engine-root", root, `${target.pid}`]);
    assert.equal(code, 2);
    assert.match(stderr, /is not the first process of a container that runc or crun keeps/);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("criu's own config files count for every dump", async () => {
  await using target = await Target.start("hostile");
  const home = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${home}/.criu`);
    await Deno.writeTextFile(`${home}/.criu/default.conf`, "link-remap\n");
    const { code, stdout } = await cready(["inspect", `${target.pid}`], { env: { HOME: home } });
    assert.equal(code, 0);
    assert(stdout.includes(`options from ${home}/.criu/default.conf: link-remap`));
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("criu's own config files do not count for what a runtime says in every request", async () => {
  await using target = await Target.start("hostile");
  const root = await engineRoot(target.pid, "runc");
  const home = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${home}/.criu`);
    await Deno.writeTextFile(`${home}/.criu/default.conf`, "link-remap\n");
    const words = ["inspect", "--engine", "runc", "--engine-root", `${root}/state`, `${target.pid}`];
    const { code, stdout } = await cready(words, { env: { HOME: home } });
    assert.equal(code, 3, stdout);
  } finally {
    await Deno.remove(home, { recursive: true });
    await Deno.remove(root, { recursive: true });
  }
});
