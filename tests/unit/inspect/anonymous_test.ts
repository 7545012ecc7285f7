import assert from "node:assert/strict";
import type { Statx } from "../../../proc/statx.ts";
import { judgeDescriptor } from "../../../inspect/judges/descriptors.ts";
import type { Obstacle } from "../../../inspect/obstacle.ts";
import { OpenFile } from "../../../inspect/open_file.ts";
import { Report } from "../../../inspect/report.ts";
import { fakeTree, taskOf } from "./fake_tree.ts";

const COMMON = "pos:\t0\nflags:\t02\nmnt_id:\t15\nino:\t1057\n";

/** What is said of a descriptor with this link, fdinfo and type. */
function judge(link: string, info = "", stat: Partial<Statx> = { mode: 0o600 }, version = "4.2.1"): Obstacle[] {
  using tree = fakeTree();
  Object.assign(tree.around.criu, { version });
  const report = new Report(tree);
  const whole = { major: 0, minor: 15, ino: 1057n, nlink: 1, size: 0, mount: 15, blockSize: 4096, ...stat } as Statx;
  const source = {
    task: taskOf(tree),
    statx: () => whole,
    fileSystem: () => 0,
  };
  const file = new OpenFile(source, 7, link);
  file.info = COMMON + info;
  judgeDescriptor(tree, report, file);
  return report.obstacles;
}

const unsupported = (mode: string, branch: string, info: string) =>
  `Can't dump file 7 of that type [${mode}] (${branch} ${info})`;

for (
  const [link, rule, info] of [
    ["anon_inode:[perf_event]", "fd-perf", ""],
    ["anon_inode:[userfaultfd]", "fd-userfaultfd", ""],
    ["anon_inode:seccomp notify", "fd-seccomp-notify", ""],
    ["anon_inode:kvm-vm", "fd-kvm", ""],
    ["anon_inode:kvm-vcpu:0", "fd-kvm", ""],
    ["anon_inode:bpf-prog", "fd-bpf-prog", ""],
    ["anon_inode:bpf_link", "fd-bpf-prog", ""],
    ["anon_inode:[fscontext]", "fd-anon-other", ""],
    ["anon_inode:[eventfd2]", "fd-anon-other", ""],
    ["anon_inode:[eventfd]x", "fd-anon-other", ""],
  ] as const
) {
  Deno.test(`${link} is refused by ${rule}, with criu's words`, () => {
    const [obstacle, ...more] = judge(link, info);
    assert.deepEqual(more, []);
    assert.equal(obstacle?.rule, rule);
    assert.equal(obstacle?.effect, "REFUSED");
    assert.equal(obstacle?.message, unsupported("600", "anon", link));
  });
}

for (
  const [link, info] of [
    ["anon_inode:[eventfd]", "eventfd-count: 3\neventfd-id: 1\neventfd-semaphore: 0\n"],
    ["anon_inode:[signalfd]", "sigmask:\t0000000000000200\n"],
    ["anon_inode:[timerfd]", "clockid: 7\nticks: 0\n"],
    ["anon_inode:[eventpoll]", ""],
    ["anon_inode:[pidfd]", "Pid:\t-1\nNSpid:\t-1\n"],
    ["anon_inode:[pidfd]", `Pid:\t${Deno.pid}\n`],
    ["socket:[1057]", ""],
  ] as const
) {
  Deno.test(`${link} with ${JSON.stringify(info)} is kept`, () => assert.deepEqual(judge(link, info), []));
}

Deno.test("a timer of an alarm clock is refused before it has an id", () => {
  for (const clock of [8, 9]) {
    const [obstacle] = judge("anon_inode:[timerfd]", `clockid: ${clock}\nticks: 0\n`);
    assert.equal(obstacle?.rule, "fd-timerfd-alarm");
    assert.equal(obstacle?.message, `Unknown clock type ${clock} for 0`);
  }
});

Deno.test("a timer that has expired needs a feature at restore only", () => {
  const [obstacle] = judge("anon_inode:[timerfd]", "clockid: 1\nticks: 4\n");
  assert.deepEqual([obstacle?.rule, obstacle?.stage, obstacle?.effect, obstacle?.features], [
    "fd-timerfd",
    "RESTORE",
    "NEEDS_FEATURE",
    ["timerfd"],
  ]);
});

Deno.test("pidfds of threads, of strangers and of an older criu are refused", () => {
  const thread = judge("anon_inode:[pidfd]", "flags:\t0202\nPid:\t1\n".replace("flags", "x"));
  assert.deepEqual(thread.map(({ rule }) => rule), ["fd-pidfd-foreign"]);
  assert.equal(thread[0]?.message, "pidfd pid 1 is not a part of process tree..");
  assert.deepEqual(
    judge("anon_inode:[pidfd]", "Pid:\t-1\n", {}, "4.0").map(({ rule }) => rule).includes("fd-pidfd-old"),
    true,
  );
});

Deno.test("a name of 32 bytes and more is not even read", () => {
  const [obstacle] = judge("anon_inode:[a-very-long-name-it-is]");
  assert.equal(obstacle?.rule, "fd-anon-long-name");
  assert.equal(obstacle?.message, "Buffer for read link of fd 7 is too small");
  assert.notEqual(judge("anon_inode:[a-very-long-name-i]")[0]?.rule, "fd-anon-long-name");
});

Deno.test("io_uring is refused in the way of the kernel that runs", () => {
  const [obstacle] = judge("anon_inode:[io_uring]");
  assert.equal(obstacle?.rule, "fd-io-uring");
  assert.equal(obstacle?.message, "Can't retrieve FDs from socket");
});

Deno.test("marks of whole file systems are lost, and mounts have to be known", () => {
  const obstacles = judge(
    "anon_inode:[fanotify]",
    "fanotify sdev:13 mflags:0 mask:1 ignored_mask:0\nfanotify mnt_id:7ffffff0\n",
  );
  assert.deepEqual(obstacles.map(({ rule, effect }) => [rule, effect]), [
    ["fd-fanotify-sb-mark", "LOST"],
    ["fd-fanotify-foreign-mount", "REFUSED"],
  ]);
  assert.equal(obstacles[1]?.message, "Can't find mnt_id 0x7ffffff0");
});

for (
  const [number, link, rule] of [
    ["10:229", "/dev/fuse", "dev-fuse-server"],
    ["10:232", "/dev/kvm", "fd-kvm"],
    ["10:237", "/dev/loop-control", "dev-unsupported-chr"],
    ["116:1", "/dev/snd/seq", "dev-unsupported-chr"],
    ["226:0", "/dev/dri/card0", "dev-drm-other"],
    ["195:0", "/dev/nvidia0", "dev-cuda-no-plugin"],
    ["511:0", "/dev/kfd", "dev-amdgpu"],
    ["4:64", "/dev/ttyS0", "tty-uart"],
    ["2:1", "/dev/ptya1", "tty-bsd-pty"],
  ] as const
) {
  Deno.test(`device ${number} is refused by ${rule}`, () => {
    const [rdevMajor, rdevMinor] = number.split(":").map(Number);
    const [obstacle] = judge(link, "", { mode: 0o20600, rdevMajor: rdevMajor!, rdevMinor: rdevMinor! });
    assert.equal(obstacle?.rule, rule);
    assert.equal(obstacle?.effect, "REFUSED");
    assert.equal(obstacle?.message, unsupported("20600", "chr", number));
  });
}

Deno.test("block devices, buffers of devices and names that are no paths are refused", () => {
  assert.equal(judge("/dev/sda", "", { mode: 0o60600 })[0]?.rule, "fd-blockdev");
  assert.equal(judge("/dmabuf:x", "", { mode: 0o600 })[0]?.rule, "fd-dmabuf");
  const [odd] = judge("(unreachable)/x", "", { mode: 0o100600, minor: 999 });
  assert.equal(odd?.rule, "fd-reg-odd-link");
  assert.equal(odd?.message, unsupported("100600", "reg", "(unreachable)/x"));
  assert.equal(judge("")[0]?.rule, "file-name-too-long");
});

Deno.test("a namespace of the tree is kept, another one refused", () => {
  // The fake task's namespaces are all of this number.
  assert.deepEqual(judge("net:[4026531841]"), []);
  const [obstacle] = judge("net:[4026599999]");
  assert.equal(obstacle?.rule, "fd-nsfs-foreign");
  assert.equal(obstacle?.message, "No NS ID with kid 4026599999");
});
